import { createHash } from "node:crypto";
import { z } from "zod";
import { HUB_TIERS } from "../hub-tier.ts";
import type { SetMember } from "./device-set-settings.ts";
import type { HubSize } from "./hub-pace.ts";
import { tagsOf, type DeviceTags } from "./twin-tags.ts";

/** What a stack's state keeps of a set: for each device a short hash of what it is, not the device. */
export interface DeviceSetState extends HubSize, Readonly<Record<string, unknown>> {
  readonly hostName: string;
  readonly setName: string;
  readonly forceDelete: boolean;
  /** By device id; empty where the device is not yet as declared, marked where it may not be there. */
  readonly digests: Readonly<Record<string, string>>;
  /** Whether the stack holds a device, of those it says so about. */
  readonly holds: Readonly<Record<string, boolean>>;
  /** Devices that were there before the stack took them over. */
  readonly adopted: readonly string[];
  readonly count: number;
}

const stateSchema = z.object({
  hostName: z.string(),
  setName: z.string().default(""),
  tier: z.enum(HUB_TIERS).default("S1"),
  units: z.number().default(1),
  forceDelete: z.boolean().default(false),
  digests: z.record(z.string(), z.string()).default({}),
  holds: z.record(z.string(), z.boolean()).default({}),
  adopted: z.array(z.string()).default([]),
});

/** The state as Pulumi hands it back. */
export function parseSetState(properties: Readonly<Record<string, unknown>>): DeviceSetState {
  const state = stateSchema.parse(properties);
  return { ...state, count: Object.keys(state.digests).length };
}

/** What is said about a device: how it signs in, whether it may, and its tags. */
export type DeviceFacts = Pick<SetMember, "authentication" | "status"> & { readonly tags: DeviceTags };

/** A short hash of it, of 72 bits: a change shows, and nobody gains from a collision. */
function digestOf({ authentication, status, tags }: DeviceFacts): string {
  const { product, stratum, ring, bucket, hold } = tags;
  const thumbprints =
    authentication.type === "selfSigned"
      ? [authentication.primaryThumbprint, authentication.secondaryThumbprint ?? null]
      : [];
  const said = [authentication.type, thumbprints, status, product, stratum, ring, bucket, hold].map(
    (value) => value ?? null,
  );
  return createHash("sha256").update(JSON.stringify(said)).digest("base64url").slice(0, 12);
}

/** The hash of a device as it is declared. */
export function declaredDigest(member: SetMember): string {
  return digestOf({ ...member, tags: tagsOf(member) });
}

/** The hash of a device as the hub has it. A hold that the stack says nothing of is somebody else's, and no drift. */
export function digestOfTwin(
  twin: DeviceFacts & { readonly deviceId: string },
  holds: DeviceSetState["holds"],
): string {
  const { hold, ...tags } = twin.tags;
  const isOurs = Object.hasOwn(holds, twin.deviceId) && hold !== undefined;
  return digestOf({ ...twin, tags: isOurs ? { ...tags, hold } : tags });
}
