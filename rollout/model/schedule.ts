import { z } from "zod";
import { durationSchema, type Duration } from "./duration.ts";
import { instantMs } from "./instant.ts";

/** A time in which exposure may grow, as declared: a cron expression says when it opens. */
export interface WindowDeclaration {
  /** Five fields of cron: "0 22 * * 1-5". */
  readonly cron: string;
  /** How long it stays open. */
  readonly for: Duration;
  /** IANA name, such as "Europe/Berlin"; default "UTC". */
  readonly timeZone?: string;
}

/** A time in which nothing may grow, as declared. Stops work all the same. */
export interface FreezeDeclaration {
  /** ISO 8601 instants with their zone: "2026-12-20T00:00:00Z". */
  readonly from: string;
  readonly until: string;
  readonly reason: string;
  /** Versions that may go on all the same: hotfixes. */
  readonly except?: readonly string[];
}

/** A window, checked. */
export interface MaintenanceWindow {
  readonly cron: string;
  readonly forMs: number;
  readonly timeZone: string;
}

/** A freeze, checked: epoch ms. */
export interface Freeze {
  readonly from: number;
  readonly until: number;
  readonly reason: string;
  readonly except: readonly string[];
}

/** Schema of an instant: ISO 8601 text with its zone in, epoch ms out. */
export const instantSchema = z.iso
  .datetime({ offset: true, error: 'write an instant with its zone: "2026-12-20T08:00:00Z"' })
  .transform(instantMs);

/** Schema of a window: cron and time zone are checked where the window is computed. */
export const windowSchema = z
  .strictObject({ cron: z.string().min(9), for: durationSchema, timeZone: z.string().default("UTC") })
  .transform(({ cron, for: forMs, timeZone }): MaintenanceWindow => ({ cron, forMs, timeZone }));

/** Schema of a freeze. */
export const freezeSchema = z
  .strictObject({
    from: instantSchema,
    until: instantSchema,
    reason: z.string().min(1),
    except: z.array(z.string()).default([]),
  })
  .refine(({ from, until }) => from < until, { path: ["until"], error: "must be after `from`" });
