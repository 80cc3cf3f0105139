/**
 * Microsoft's firmware lab on one device, by hand and then by wavegate: `npx node examples/single-device/start.ts`.
 *
 * Lines of the story: `down` is what stands in the twin for the device, `up` what the device reports (once the hub has
 * taken it), `portal` and `twin` what the two pages of the portal show.
 */
import { join, relative } from "node:path";
import type { FleetDevice } from "../../local/fleet-process.ts";
import { startFleet, type Fleet } from "../../local/fleet.ts";
import { play, type Telling } from "../play.ts";
import { startProgram, stockEnvironment, type Program } from "./processes.ts";

const DEVICE = "sensor-th-0155";
/** They are of the same product; the lab and the first wave are about the one above. */
const OTHERS = ["sensor-th-0156", "sensor-th-0157", "sensor-th-0158"];
/** The lab's 23 seconds take three and a half, and the hub's clock runs faster too. */
const PACE = { LAB_SECOND_MS: "150", REFRESH_SECONDS: "0.1" };
const LAB_STATES = "current downloading verifying applying rebooting current";
/** Firmware 1.2.0 cannot read sensors of lot 7 on boards of revision B. */
const HARDWARE = { revision: "B", sensorLot: 7, stratum: "bench" } as const;
const OTHER_HARDWARE = { revision: "A", sensorLot: 1, stratum: "bench" } as const;
/** Steps that take long enough to be seen, in the fleet's time. */
const STEPS = { downloadBytesPerSecond: 4, installSeconds: 300, bootSeconds: 120 };
const HEALTH_TIME_MS = 10 * 60_000;

process.exitCode = await play({
  folder: import.meta.dirname,
  hubs: { lab: undefined },
  beginsSigned: true,
  async story(telling) {
    const { hubs, say } = telling;
    for (const deviceId of [DEVICE, ...OTHERS])
      hubs[0].createDevice({ deviceId, tags: { product: "thermostat" } });
    say("1. By hand: the lab's device, and Microsoft's own service SDK");
    await byHand(telling);
    say("\n2. The same by wavegate: the agent believes its maker's signature alone");
    await using fleet = await startAgents(telling);
    await goodRelease(telling);
    say("\n3. A release that this device cannot run");
    await badRelease(telling, fleet);
  },
});

async function byHand(telling: Telling): Promise<void> {
  const { say, claim, versions } = telling;
  say("\n$ node lab-device.ts &");
  await using device = startProgram(["lab-device.ts"], stockPrograms(telling), indented(telling));
  await device.until(/^up .*runs 1\.0\.0/);
  await typeByHand(telling, "create");
  await typeByHand(telling, "watch", "firmwareupdate", "1.0.1");
  claim("the device went through the states of the lab", statesOf(device) === LAB_STATES);
  await typeByHand(telling, "remove");
  await device.until(/^the request is gone/);
  claim("a request that is deleted takes no firmware back", versions()["1.0.1"] === 1);
}

async function goodRelease(telling: Telling): Promise<void> {
  const { type, claim, versions, asked } = telling;
  await addRelease(telling, "1.1.0");
  await type("plan");
  const [held] = await Promise.all([
    type("apply"),
    typeByHand(telling, "watch", "fw--thermostat--1-1-0--1", "1.1.0"),
  ]);
  claim("only the named device was asked", held.code === 4 && asked("1.1.0") === 1);
  claim("its gate let it pass, and the next wave waits for a person", versions()["1.1.0"] === 1);
  await type("approve", "thermostat", "--as", "bench", "--reason", "it measures what its neighbours do");
  const applied = await type("apply");
  claim("then it is everyone's", applied.code === 0 && versions()["1.1.0"] === 1 + OTHERS.length);
}

async function badRelease(telling: Telling, fleet: Fleet): Promise<void> {
  const { type, claim, versions, asked } = telling;
  await addRelease(telling, "1.2.0");
  const stopped = await type("apply");
  claim("its gate stopped it", stopped.code === 3);
  claim(
    "one device was harmed, and all run 1.1.0 again",
    fleet.harmed() === 1 && versions()["1.1.0"] === 1 + OTHERS.length && asked("1.2.0") === 0,
  );
  await type("history");
  const verified = await type("verify");
  claim("every decision stands in the records, and is judged again from them alone", verified.code === 0);
}

async function addRelease({ stage, type }: Telling, version: string): Promise<void> {
  const fromRepository = (file: string): string => relative(stage.repository, file);
  const image = stage.deployment.images.get(version);
  if (image === undefined) throw new Error(`examples/firmware has no ${version}`);
  await type(
    ...["release", "add", fromRepository(image.file), "--product", "thermostat", "--release", version],
    ...["--like", fromRepository(join(import.meta.dirname, "like.ts"))],
    ...["--key", fromRepository(stage.maker.keyFile)],
  );
}

/** The devices with wavegate's agent, fresh from the factory. */
function startAgents({ stage, hubs, signal, say }: Telling): Promise<Fleet> {
  const device = (deviceId: string, hardware: typeof HARDWARE | typeof OTHER_HARDWARE): FleetDevice => ({
    ...hardware,
    connectionString: hubs[0].deviceConnectionString(deviceId),
  });
  const { images, time, caPem } = stage.deployment;
  return startFleet({
    devices: [device(DEVICE, HARDWARE), ...OTHERS.map((deviceId) => device(deviceId, OTHER_HARDWARE))],
    profile: { seed: 1, strata: { bench: STEPS } },
    factoryImage: images.get("1.0.0")?.bytes ?? new Uint8Array(),
    ...{ caPem, signal, clock: time, keys: [stage.maker.pinned], healthTimeMs: HEALTH_TIME_MS },
    onEvent: (deviceId, event) => {
      if (event.type !== "reported" || deviceId !== DEVICE) return;
      const { fwUpdateStatus, currentFwVersion, pendingFwVersion, outcome, errorCode } = event.reported;
      const pending = pendingFwVersion === "" ? "" : `pending ${pendingFwVersion}`;
      const words = [fwUpdateStatus, `runs ${currentFwVersion}`, pending, outcome, errorCode];
      say(`  up      ${words.filter((word) => word !== "").join(" ")}`);
    },
  });
}

/** Environment of programs on Microsoft's stock SDKs, for this hub and this device. */
function stockPrograms({ stage, hubs }: Telling): Readonly<Record<string, string>> {
  const caFile = join(stage.folder, "ca.pem");
  return { ...stockEnvironment({ hub: hubs[0], deviceId: DEVICE, caFile }), ...PACE };
}

async function typeByHand(telling: Telling, ...words: readonly string[]): Promise<void> {
  telling.say(`\n$ node by-hand.ts ${words.join(" ")}`);
  await using typed = startProgram(["by-hand.ts", ...words], stockPrograms(telling), indented(telling));
  const code = await typed.ended;
  if (code !== 0) throw new Error(`by-hand.ts ${words.join(" ")} ended in ${code}`);
}

function indented({ say }: Telling): (line: string) => void {
  return (line) => {
    say(`  ${line}`);
  };
}

/** The states that the lab's device has reported, each once in a row. */
function statesOf({ lines }: Program): string {
  const states = lines.flatMap((line) => /^up +(\w+)/.exec(line)?.[1] ?? []);
  return states.filter((state, index) => state !== states[index - 1]).join(" ");
}
