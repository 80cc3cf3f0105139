import { z } from "zod";

/**
 * What can be wrong with an image on a device. `self-test-fails` and `hangs`: the device falls back by itself. `bricks`:
 * the board is dead from its first boot on and never heard of again. `crashes-late`: some time after the device said
 * `ok` the image dies, and the device falls back. `runs-old-says-new`: the device says `ok` and the new version, and
 * runs the image before; nothing that it reports shows it. `runs-old-says-ok`: the same, but it states the version that
 * runs. `flaps`: the device reboots again and again. `goes-silent`: it works, and none of its reports arrives.
 */
export const FAULTS = [
  "self-test-fails",
  "hangs",
  "bricks",
  "crashes-late",
  "runs-old-says-new",
  "runs-old-says-ok",
  "flaps",
  "goes-silent",
] as const;

/** A fault that strikes a device for one image. */
export type Fault = (typeof FAULTS)[number];

/**
 * How a device is reached. `daily` and `weekly`: on for an hour at a time of its own, and longer while an update is
 * under way. `flaky`: about two hours on the line, then some twenty minutes away. `dead`: registered, never switched on.
 */
export const CONNECTIVITIES = ["always-on", "daily", "weekly", "flaky", "dead"] as const;

/** How a device is reached. */
export type Connectivity = (typeof CONNECTIVITIES)[number];

const share = z.number().min(0).max(1);
/** A number for all, or a range in which each device has its own, even over it. */
const amount = z.union([
  z.number().min(0),
  z
    .tuple([z.number().min(0), z.number().min(0)])
    .refine(([least, most]) => least <= most, "the first of the two is the lesser"),
]);

const faultRule = z.strictObject({
  fault: z.enum(FAULTS),
  /** Expected share of the devices that match, each drawn by its id and the version. */
  share,
  /** Images it strikes, by the version they state. Default: all but the one a device was born with. */
  versions: z.array(z.string()).min(1).optional(),
  /** Boards it strikes. Default: all. */
  revisions: z
    .array(z.enum(["A", "B"]))
    .min(1)
    .optional(),
  sensorLots: z.array(z.int()).min(1).optional(),
});

const connectivity = z
  .partialRecord(z.enum(CONNECTIVITIES), share)
  .refine(
    (shares) => Math.abs(Object.values(shares).reduce((sum, one) => sum + one, 0) - 1) < 1e-9,
    "the shares have to add up to 1",
  );

/** One stratum's profile; each field may be left out. */
export const stratumProfile = z.strictObject({
  /** Share of the devices by how they are reached. Default: all are always on. */
  connectivity: connectivity.optional(),
  /** Default: as fast as it goes. */
  downloadBytesPerSecond: amount
    .refine(
      (rate) => (Array.isArray(rate) ? rate[0] : rate) > 0,
      "must be above 0: at no speed nothing arrives",
    )
    .optional(),
  /** Time to write an image into its slot, virtual seconds. Default: 0. */
  installSeconds: amount.optional(),
  /** Time of a boot, virtual seconds. Default: 0. */
  bootSeconds: amount.optional(),
  /** At most one of them strikes a device for one image; they are tried in this order. */
  faults: z.array(faultRule).optional(),
});

/** How devices of a stratum behave; what is left out is an ideal device. */
export type StratumProfile = Readonly<z.infer<typeof stratumProfile>>;

/** A fault, with what decides whom it strikes. */
export type FaultRule = Readonly<z.infer<typeof faultRule>>;

/** How a simulated fleet behaves. */
export interface FleetProfile {
  /** What chance is made of: the same device fails in the same way in every run. */
  readonly seed: number;
  /** By the stratum of a device; a device of another is ideal. */
  readonly strata: Readonly<Partial<Record<string, StratumProfile>>>;
}
