import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client, type Twin } from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startHub } from "../../../local/hub/hub.ts";
import { seededChance } from "../../../local/hub/seeded-chance.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { configurer, patcher, registrar, reporter } from "./crash-writers.ts";
import { aConfiguration } from "./hub-fixture.ts";
import { hubCommand, killWhileStarting, startHubProcess, type HubProcess } from "./hub-process.ts";
import { startLightFleet } from "./light-fleet-process.ts";

/** `npm run soak` sets more kills, and CRASH_SEED plays one run again. */
const isSoak = process.env["SOAK_RUNS"] !== undefined;
const KILLS = isSoak ? 200 : 15;
const DEVICES = 1000;
const SDK_DEVICES = 5;
const PATIENCE_MS = 60_000;
const seed = Number(process.env["CRASH_SEED"] ?? randomInt(2 ** 31));

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "hub-crash-"));
});
afterEach(() => rm(data, { recursive: true }));

/** Start the hub of the folder, again on the ports of an earlier one. */
function aHub(before?: HubProcess): Promise<HubProcess> {
  return startHubProcess(argumentsLike(before));
}

function argumentsLike(before: HubProcess | undefined): readonly string[] {
  const { httpsPort = 0, mqttPort = 0 } = before?.said ?? {};
  const ports = ["--https-port", String(httpsPort), "--mqtt-port", String(mqttPort)];
  return ["--data", data, "--throttle", "off", "--daily-quota", "off", ...ports];
}

/** Microsoft's device client, which comes back by itself. */
interface SdkDevice extends AsyncDisposable {
  readonly twin: Twin;
  /** The last value that was heard under a key of the desired properties. */
  readonly heard: (key: string) => unknown;
  /** Rejects when the hub is gone before it answers. */
  readonly report: (patch: Record<string, unknown>) => Promise<void>;
}

async function connectSdk(
  hub: HubProcess,
  deviceId: string,
  gone: () => Promise<unknown>,
): Promise<SdkDevice> {
  const { responseBody } = await connectRegistry(hub.reachable).get(deviceId);
  const key = responseBody.authentication?.symmetricKey?.primaryKey ?? "";
  const connectionString = hub.said.deviceConnectionString.replace("<id>", deviceId).replace("<key>", key);
  const client = Client.fromConnectionString(connectionString, Mqtt);
  await client.setOptions({ ca: hub.reachable.caPem });
  await client.open();
  const twin = await client.getTwin();
  const heard = new Map<string, unknown>();
  twin.on("properties.desired", (delta: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(delta)) heard.set(name, value);
  });
  // Answered after the subscription was.
  await new Promise<void>((resolve, reject) => {
    twin.get((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  const { update } = twin.properties.reported as unknown as {
    // The SDK puts its function among the properties, typed any like them.
    update: (patch: Record<string, unknown>, done: (error?: Error | null) => void) => void;
  };
  return {
    twin,
    heard: (name) => heard.get(name),
    report: (patch) =>
      Promise.race([
        new Promise<void>((resolve, reject) => {
          update(patch, (error) => {
            if (error) reject(error);
            else resolve();
          });
        }),
        gone().then(() => Promise.reject(new Error("the hub is gone"))),
      ]),
    [Symbol.asyncDispose]: async () => {
      await client.close();
    },
  };
}

describe("a hub that is killed", () => {
  it(
    `loses no accepted write in ${KILLS} kills at random moments`,
    { timeout: isSoak ? 1_800_000 : 180_000 },
    async () => {
      const chance = seededChance(seed);
      let hub = await aHub();
      const registry = connectRegistry(hub.reachable);
      for (const deviceId of ["p0", "p1", "s0", "s1"]) await registry.create({ deviceId });
      let killed = Promise.withResolvers<undefined>();
      const gone = (): Promise<unknown> => killed.promise;
      await using first = await connectSdk(hub, "s0", gone);
      await using second = await connectSdk(hub, "s1", gone);
      const writers = [
        registrar(registry),
        patcher(registry, "p0"),
        patcher(registry, "p1"),
        configurer(registry, "c0"),
        configurer(registry, "c1"),
        reporter(registry, "s0", first.report),
        reporter(registry, "s1", second.report),
      ];
      let accepted: readonly number[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        let isGone = false;
        const writing = Promise.allSettled(
          writers.map(async ({ write }) => {
            // Ends by the first write that is not answered.
            while (!isGone) await write();
          }),
        );
        await delay(chance() * 300);
        killed.resolve(undefined);
        isGone = true;
        await hub.end("SIGKILL");
        // Cut off they were all, refused nobody.
        expect((await writing).filter(isRefused)).toEqual([]);
        // Now and then it is killed again before it serves.
        if (chance() < 0.25) await killWhileStarting(argumentsLike(hub), 150 + chance() * 400);
        hub = await aHub(hub);
        killed = Promise.withResolvers();
        accepted = await Promise.all(writers.map(({ check }) => check()));
      }
      const [registrations, ...others] = accepted;
      process.stdout.write(
        `${KILLS} kills (CRASH_SEED=${seed}): none lost of ${String(registrations)} registrations and removals, ` +
          `${others.slice(0, 2).join(" + ")} twin patches, ${others.slice(2, 4).join(" + ")} configuration writes, ` +
          `${others.slice(4).join(" + ")} reports\n`,
      );
      // What nobody wrote cannot be lost.
      expect(accepted.every((count) => count > 0)).toBe(true);
      await hub.end("SIGTERM");
    },
  );

  it(
    `has ${DEVICES} devices back by themselves once it is started again, and none is deaf`,
    { timeout: 180_000 },
    async () => {
      const ids = Array.from({ length: DEVICES }, (_, index) => `light-${index}`);
      const sdkIds = Array.from({ length: SDK_DEVICES }, (_, index) => `sdk-${index}`);
      const chance = seededChance(seed);
      const { keys, host } = await fill([...ids, ...sdkIds]);
      let hub = await aHub();
      await using fleet = startLightFleet({
        mqttPort: hub.said.mqttPort,
        caPem: hub.reachable.caPem,
        host,
        devices: ids.map((id, index) => ({ id, key: keys[index] ?? "" })),
      });
      await using stack = new AsyncDisposableStack();
      const never = new Promise<never>(() => undefined);
      const sdks: SdkDevice[] = [];
      for (const id of sdkIds) sdks.push(stack.use(await connectSdk(hub, id, () => never)));
      expect(await fleet.until(() => fleet.subscribed() === DEVICES, PATIENCE_MS)).toBe(true);

      // Killed with all connected, and again while they come back.
      await hub.end("SIGKILL");
      hub = await aHub(hub);
      await delay(chance() * 1000);
      await hub.end("SIGKILL");
      fleet.restarted();
      const startedAt = performance.now();
      hub = await aHub(hub);
      const listening = performance.now();
      await fleet.until(() => fleet.connected() === DEVICES, PATIENCE_MS);
      const back = performance.now();
      const sdksBack = await connectedAmong(hub, sdkIds);

      const registry = connectRegistry(hub.reachable);
      const content = { deviceContent: { "properties.desired.news": seed } };
      await registry.addConfiguration(aConfiguration("news", { content }));
      expect((await hubCommand("evaluate", "--data", data)).stderr).toBe("");
      await fleet.until(() => fleet.heard("news", seed) === DEVICES, PATIENCE_MS);
      await fleet.until(() => sdks.every(({ heard }) => heard("news") === seed), 100);
      const heardBySdks = sdks.filter(({ heard }) => heard("news") === seed).length;
      process.stdout.write(
        `CRASH_SEED=${seed}: the hub listened again after ${seconds(startedAt, listening)} s; of ${DEVICES} devices ` +
          `${fleet.connected()} came back ${seconds(listening, back)} s later, ${fleet.kept()} with their session, ` +
          `${fleet.heard("news", seed)} heard the next patch; of ${SDK_DEVICES} on Microsoft's SDK ${sdksBack} came back, ` +
          `${heardBySdks} heard it\n`,
      );
      expect({ connected: fleet.connected(), kept: fleet.kept(), heard: fleet.heard("news", seed) }).toEqual({
        connected: DEVICES,
        kept: DEVICES,
        heard: DEVICES,
      });
      expect([sdksBack, heardBySdks]).toEqual([SDK_DEVICES, SDK_DEVICES]);
      await hub.end("SIGTERM");
    },
  );
});

/** Put devices into the folder; their keys, and what their hub is called. */
async function fill(deviceIds: readonly string[]): Promise<{ keys: readonly string[]; host: string }> {
  await using hub = await startHub({ data });
  const strings = deviceIds.map((deviceId) => hub.createDevice({ deviceId }));
  return {
    keys: strings.map((text) => /SharedAccessKey=([^;]+)/u.exec(text)?.[1] ?? ""),
    host: hub.hubName,
  };
}

/** Wait until devices of the SDK are connected, which tells nobody that it is; how many are. */
async function connectedAmong(hub: HubProcess, deviceIds: readonly string[]): Promise<number> {
  const registry = connectRegistry(hub.reachable);
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const twins = await Promise.all(deviceIds.map((id) => registry.getTwin(id)));
    // A field of the twin's document that the SDK's type lacks.
    const connected = twins.filter(
      ({ responseBody }) =>
        (responseBody as unknown as { connectionState: string }).connectionState === "Connected",
    ).length;
    if (connected === deviceIds.length || performance.now() > deadline) return connected;
    await delay(50);
  }
}

/** Whether a write ended by an answer that the SDK made an error of. */
function isRefused(outcome: PromiseSettledResult<unknown>): boolean {
  return outcome.status === "rejected" && outcome.reason instanceof Error && "response" in outcome.reason;
}

function seconds(from: number, to: number): string {
  return ((to - from) / 1000).toFixed(1);
}
