import { z } from "zod";
import { parseCron } from "./cron.ts";
import { durationSchema, type Duration } from "./duration.ts";
import { instantMs } from "./instant.ts";
import { isTimeZone, type MaintenanceWindow } from "./maintenance-window.ts";

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
  /** Its first instant, ISO 8601 with its zone: "2026-12-20T00:00:00Z". */
  readonly from: string;
  /** The first instant after it, like `from`. */
  readonly until: string;
  /** Why, for those who wait: `status` shows it. */
  readonly reason: string;
  /** Versions that may go on all the same: hotfixes. */
  readonly except?: readonly string[];
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

/** Longest a window stays open: a longer one says that it is always open. */
const LONGEST_WINDOW_MS = 31 * 86_400_000;

/** Schema of a window. */
export const windowSchema = z
  .strictObject({ cron: z.string(), for: durationSchema, timeZone: z.string().default("UTC") })
  .superRefine(({ cron, for: forMs, timeZone }, context) => {
    const refuse = (key: string, message: string): void => {
      context.addIssue({ code: "custom", path: [key], message });
    };
    const parsed = parseCron(cron);
    if (typeof parsed === "string") refuse("cron", parsed);
    if (!isTimeZone(timeZone))
      refuse("timeZone", `"${timeZone}" is no time zone; write an IANA name such as "Europe/Berlin"`);
    if (forMs < 60_000 || forMs > LONGEST_WINDOW_MS) refuse("for", "must be between 1 minute and 31 days");
  })
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
