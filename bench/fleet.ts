import type { FleetProfile, StratumProfile } from "../local/fleet/profile.ts";
import { hubLimits } from "../rollout/model/hub-limits.ts";
import { deviceTraffic } from "../rollout/plan/device-traffic.ts";
import { countFrom, UsageError } from "./arguments.ts";
import { formatMs, formatCount, type Figure } from "./figure.ts";
import { play, type Played } from "./fleet/play.ts";

const DEVICES = 5_000;
/** Fewer prove nothing to the first wave. */
const FEWEST = 2_000;
/** Virtual ms in a real one: five minutes a second, so that a wave of 2,500 devices is over within its deadline. */
const SCALE = 300;
const SPEEDS: StratumProfile = {
  ...{ downloadBytesPerSecond: [500, 5_000], installSeconds: [30, 120], bootSeconds: [20, 60] },
};
/** One device in five of `field-b` cannot run 1.2.0, in three ways. */
const PROFILE: FleetProfile = {
  seed: 7,
  strata: {
    "field-a": SPEEDS,
    "field-b": {
      ...SPEEDS,
      faults: [
        { fault: "self-test-fails", share: 0.1, versions: ["1.2.0"] },
        { fault: "hangs", share: 0.05, versions: ["1.2.0"] },
        { fault: "bricks", share: 0.05, versions: ["1.2.0"] },
      ],
    },
  },
};
/** Reports that an update may take (docs/device.md). */
const REPORTS = 5;

/** A good release through four waves to everyone, then a bad one that is stopped and taken back, over real connections. */
export async function measure([
  devices = String(DEVICES),
  scale = String(SCALE),
  line = "light",
]: readonly string[]): Promise<readonly Figure[]> {
  if (line !== "light" && line !== "microsoft")
    throw new UsageError(`${JSON.stringify(line)} is no line: light or microsoft`);
  const count = countFrom(devices, "number of devices", FEWEST);
  const started = performance.now();
  const played = await play({
    ...{ devices: count, scale: countFrom(scale, "number of virtual seconds in a real one"), line },
    waves: [5, 20, 50, 100],
    gate: {
      ...{ tolerate: "2%", reject: "10%", falseStop: "5%", missedBad: "5%", harmCap: 200 },
      ...{ deadline: "6 hours", bake: "6 hours" },
    },
    profile: PROFILE,
    say: (text) => {
      console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}`);
    },
  });
  return figuresOf(played, count);
}

/** What was measured, beside what the plan prices and what the hub's own metrics say. */
export function figuresOf(played: Played, devices: number): readonly Figure[] {
  const { connecting, good, bad, connected, harmed, struck, exposed, versions } = played;
  const price = deviceTraffic(hubLimits("S1", 1));
  const each = (count: number): number => count / devices;
  // A configuration's change is one write of the twin and one notice to the device.
  const operations = each(good.reports + good.twinReads + 2 * good.patches);
  const priced = price.writes + price.reads + price.notifications;
  // What devices alone could have used: the controller's own calls are in the hub's count.
  const reached = versions.afterGood["1.1.0"] ?? 0;
  const back = versions.afterBad["1.1.0"] ?? 0;
  return [
    figure(`${formatCount(devices)} devices connect and report`, formatMs(played.connectMs)),
    figure(
      "  memory of their process by then, a device",
      `${formatCount(Math.round(each(connecting.peakBytes) / 1024))} KB`,
    ),
    figure("  processor time by then, a device", formatMs(each(connecting.cpuMs))),
    atLeast("connected, by the hub's own metrics", connected.atStart, devices),
    atLeast("the same after the good release", connected.afterGood, devices),
    figure("memory of the devices' process, at its most", megabytes(played.fleet.peakBytes)),
    figure("memory of hub, image store and controller, grown", megabytes(played.hubBytes)),
    figure("processor time of the devices' process, both releases", formatMs(played.fleet.cpuMs)),
    atLeast("good release: devices that run it", reached, devices),
    figure("good release: time, real and virtual", timeOf(good)),
    atMost("good release: reports a device", each(good.reports), REPORTS),
    atMost("good release: twin operations a device", operations, priced),
    atMost("good release: messages of the quota a device", each(good.messages), price.messages),
    figure("good release: operations of devices that S1 refused", formatCount(good.throttled)),
    figure("bad release: time to the stop and back, real and virtual", timeOf(bad)),
    figure("bad release: devices that were asked to run it", formatCount(exposed)),
    atMost("bad release: devices harmed", harmed.byBad, exposed),
    figure("bad release: what struck them", wordsOf(struck)),
    atLeast("bad release: devices on the good one again, the dead included", back, devices),
    atLeast("connected after it, all but the dead", connected.afterBad, devices - (struck.bricks ?? 0)),
  ];
}

function figure(what: string, measured: string): Figure {
  return { what, measured };
}

function atMost(what: string, measured: number, limit: number): Figure {
  // What happens once in a thousand devices, such as a report that is repeated, breaks no figure for one.
  return {
    what,
    measured: short(measured),
    limit: short(limit),
    isBroken: Number(measured.toFixed(2)) > limit,
  };
}

function atLeast(what: string, measured: number, limit: number): Figure {
  return { what, measured: short(measured), limit: short(limit), isBroken: measured < limit };
}

function short(count: number): string {
  return formatCount(Math.round(count * 100) / 100);
}

function timeOf({ realMs, virtualMs }: Played["good"]): string {
  return `${formatMs(realMs)}, ${(virtualMs / 3_600_000).toFixed(1)} h`;
}

function megabytes(bytes: number): string {
  return `${formatCount(Math.round(bytes / 1_000_000))} MB`;
}

function wordsOf(struck: Played["struck"]): string {
  return Object.entries(struck)
    .map(([fault, devices]) => `${fault} ${devices}`)
    .join(", ");
}
