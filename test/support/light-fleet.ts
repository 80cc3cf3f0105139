import type { LocalHub } from "../../local/hub/hub.ts";
import { bucketOf } from "../../rollout/model/bucket.ts";
import type { FirmwareDesired, FirmwareReported } from "../../rollout/model/twin-contract.ts";
import type { Behaviour, WorldDevice } from "./world/devices.ts";

/** Devices without a connection: they live in the process of a local hub and write its twins, a million as easily as ten. */
export interface LightFleet {
  /** Register devices that were born with a version and are seen now. */
  add(hub: LocalHub, devices: Iterable<WorldDevice>, version: string): void;
  /**
   * The hub evaluates, and every device that it asks for something new answers, as the contract wants it: contact is
   * latched, and an outcome never changes. Returns how many answered.
   */
  answer(hub: LocalHub, now: number, behave: Behaviour): number;
}

interface Latch {
  readonly outcome: FirmwareReported["outcome"];
  readonly contactedAt: number;
}

/** A fleet that remembers what it answered, whichever hub it is connected to. */
export function lightFleet(): LightFleet {
  const latched = new Map<string, Map<string, Latch>>();
  return {
    add: ({ createDevice, twins }, devices, version) => {
      for (const { deviceId, stratum, ring } of devices) {
        const bucket = bucketOf(deviceId);
        const rollout = {
          bucket,
          ...(stratum === undefined ? {} : { stratum }),
          ...(ring === undefined ? {} : { ring }),
        };
        createDevice({ deviceId, tags: { product: "thermostat", rollout } });
        twins.touch(deviceId);
        const firmware = {
          currentFwVersion: version,
          pendingFwVersion: "",
          rolloutId: "",
          outcome: "",
          bucket,
        };
        twins.mergeReported(deviceId, { firmware });
      }
    },
    answer: (hub, now, behave) => {
      const { twins } = hub;
      hub.evaluateNow();
      let answers = 0;
      for (const { deviceId, desired, reported, tags } of twins.all()) {
        // What wavegate wrote, and what this file did.
        const asked = desired.value["firmware"] as Partial<FirmwareDesired> | undefined;
        const said = reported.value["firmware"] as Partial<FirmwareReported> | undefined;
        const { fwVersion: version, rolloutId } = asked ?? {};
        if (version === undefined || rolloutId === undefined || said?.rolloutId === rolloutId) continue;
        const attempt = latched.get(rolloutId) ?? new Map<string, Latch>();
        latched.set(rolloutId, attempt);
        const isThere = said?.currentFwVersion === version;
        const stratum = ((tags?.["rollout"] ?? {}) as { stratum?: string }).stratum ?? "other";
        const latch = attempt.get(deviceId) ?? {
          outcome: isThere ? "ok-already" : OUTCOME[behave({ deviceId, version, stratum })],
          contactedAt: Math.floor(now / 1_000),
        };
        attempt.set(deviceId, latch);
        const runs = latch.outcome.startsWith("ok") ? version : (said?.currentFwVersion ?? "");
        twins.touch(deviceId);
        const firmware = {
          ...{ rolloutId, ...latch, currentFwVersion: runs },
          pendingFwVersion: latch.outcome === "contacted" ? version : "",
        };
        twins.mergeReported(deviceId, { firmware });
        answers += 1;
      }
      // For the metrics, which the next listing shows.
      if (answers > 0) hub.evaluateNow();
      return answers;
    },
  };
}

const OUTCOME = { ok: "ok", failed: "failed", silent: "contacted" } as const;
