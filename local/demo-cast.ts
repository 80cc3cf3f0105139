/** What a simulated thermostat is made of, and what its twin's tags say. */
export interface CastDevice {
  readonly deviceId: string;
  /** Hardware revision; the stratum of the demo's gates. */
  readonly revision: "A" | "B";
  /** Lot of the temperature sensor, 1 to 7; firmware 1.2.0 cannot read lot 7. */
  readonly sensorLot: number;
  /** Tags as the back end set them when the device was made; the bucket is reported by the device itself. */
  readonly tags: {
    readonly product: string;
    readonly rollout: { readonly stratum: "A" | "B"; readonly ring?: "canary" };
  };
}

/** The one product of the demo. */
export const DEMO_PRODUCT = "thermostat";

/**
 * First part of every device id. Ids decide the buckets, and buckets who is in which wave: this prefix was searched for
 * (scripts/find-demo-prefix.ts) so that each wave of the demo holds enough devices of each revision for its gate, and
 * the first wave of 1.2.0 meets exactly five sensors of lot 7.
 */
export const DEMO_PREFIX = "th-lcc";

const DEVICE_COUNT = 300;
const CANARY_COUNT = 6;
/** Sensors of this lot went into every third device of revision B. */
const BAD_LOT = 7;
const GOOD_LOTS = 6;

/** The demo's fleet: 150 devices of revision A, 150 of B (50 of them with lot 7), the first six of A in the canary ring. */
export function castDemo(prefix: string = DEMO_PREFIX): readonly CastDevice[] {
  return Array.from({ length: DEVICE_COUNT }, (_, index) => castDevice(prefix, index));
}

/** Devices alternate between the revisions, so both are spread evenly over numbers and start times. */
function castDevice(prefix: string, index: number): CastDevice {
  const revision = index % 2 === 0 ? "A" : "B";
  const place = Math.floor(index / 2);
  const canary = revision === "A" && place < CANARY_COUNT;
  return {
    deviceId: `${prefix}-${String(index + 1).padStart(3, "0")}`,
    revision,
    sensorLot: revision === "B" && place % 3 === 2 ? BAD_LOT : 1 + (place % GOOD_LOTS),
    tags: { product: DEMO_PRODUCT, rollout: { stratum: revision, ...(canary && { ring: "canary" }) } },
  };
}
