import { beforeAll, describe, expect, it } from "vitest";
import { figuresOf } from "../../bench/fleet.ts";
import { play, type Played } from "../../bench/fleet/play.ts";

// `npm run bench -- fleet` in small: real connections, the real controller, a fleet that fails as its profile says.

const DEVICES = 60;
const SEED = 7;
const versions = ["1.2.0"];

describe(`a rollout over ${DEVICES} simulated devices (seed ${SEED})`, () => {
  let played: Played;
  beforeAll(async () => {
    played = await play({
      ...{ devices: DEVICES, line: "light", scale: 1_800, waves: [50, 100], say: () => undefined },
      gate: {
        ...{ tolerate: "2%", reject: "30%", falseStop: "5%", missedBad: "5%", harmCap: 50 },
        ...{ deadline: "2 hours", bake: "2 hours" },
      },
      profile: {
        seed: SEED,
        strata: {
          "field-a": { installSeconds: [10, 30], bootSeconds: [5, 20] },
          "field-b": {
            faults: [
              { fault: "self-test-fails", share: 0.5, versions },
              { fault: "bricks", share: 0.1, versions },
            ],
          },
        },
      },
    });
  });

  it("takes a good release to everyone: waves, gate, completion, in five reports a device", () => {
    const { good, versions: run, harmed, connected } = played;
    expect(good.records).toEqual(["create", "adopt", "start", "promote", "complete"]);
    expect(run.afterGood).toEqual({ "1.1.0": DEVICES });
    expect(harmed.byGood).toBe(0);
    expect(connected).toMatchObject({ atStart: DEVICES, afterGood: DEVICES });
    expect([good.reports, good.patches, good.twinReads]).toEqual([5 * DEVICES, DEVICES, 0]);
  });

  it("stops a release that fails in one stratum, and takes it back from all who live", () => {
    const { bad, versions: run, harmed, exposed, struck, connected } = played;
    const { bricks = 0, "self-test-fails": failed = 0 } = struck;
    expect(bad.records.slice(0, 2)).toEqual(["start", "abort"]);
    expect(run.afterBad).toEqual({ "1.1.0": DEVICES });
    expect(failed).toBeGreaterThan(0);
    expect(harmed.byBad).toBe(bricks + failed);
    expect(harmed.byBad).toBeLessThan(exposed);
    expect(exposed).toBeLessThan(DEVICES);
    expect(connected.afterBad).toBe(DEVICES - bricks);
  });

  it("is told in figures of which none is beyond its limit but the controller's own share of a small fleet", () => {
    const broken = figuresOf(played, DEVICES).filter(({ isBroken }) => isBroken === true);
    expect(broken.map(({ what }) => what)).toEqual(["good release: messages of the quota a device"]);
  });
});
