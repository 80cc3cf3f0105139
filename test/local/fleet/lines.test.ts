import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { startAgent } from "../../../device/agent.ts";
import { systemClock } from "../../../device/clock.ts";
import { wasmDriver } from "../../../device/drivers/wasm/wasm-driver.ts";
import { installFactoryImage } from "../../../device/drivers/wasm/factory-image.ts";
import { openHubSession, type HubSession, type HubSessionOptions } from "../../../device/hub-session.ts";
import { openLightSession } from "../../../local/fleet/light-session.ts";
import { createCertificateAuthority, type CertificateAuthority } from "../../../local/hub/certificates.ts";
import { startHub, type LocalHub } from "../../../local/hub/hub.ts";
import type { FirmwareReported } from "../../../rollout/model/twin-contract.ts";
import { firmwareImage } from "../../device/firmware-images.ts";
import { startImageServer } from "../../device/image-server.ts";
import { startMuteHub } from "../../device/mute-hub.ts";
import { temporaryDirectory } from "../../device/temporary-directory.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";

let authority: CertificateAuthority;
let hub: LocalHub;
beforeAll(async () => {
  authority = await createCertificateAuthority();
  hub = await startHub({ certificate: authority, throttle: "off" });
});
afterAll(() => hub.close());

const REPORTED: FirmwareReported = {
  ...{ currentFwVersion: "1.0.0", pendingFwVersion: "", fwUpdateStatus: "current", fwUpdateSubstatus: "" },
  ...{ lastFwUpdateStartTime: "", lastFwUpdateEndTime: "", rolloutId: "", outcome: "", contactedAt: 0 },
  ...{ fromVersion: "", fwHealth: "healthy", errorCode: "", bootId: "b", bucket: 7, fwSource: "" },
};
let devices = 0;

describe.each([
  ["Microsoft's SDK", openHubSession],
  ["the light line", openLightSession],
])("a line to the hub by %s", (_, open) => {
  /** A session of a new device whose twin already asks for something. */
  async function aSession(change: Partial<HubSessionOptions> = {}): Promise<{
    readonly session: HubSession;
    readonly deviceId: string;
    readonly onDesired: ReturnType<typeof vi.fn<HubSessionOptions["onDesired"]>>;
    readonly onTokenRenewed: ReturnType<typeof vi.fn<() => void>>;
    readonly desire: (firmware: unknown) => Promise<void>;
    readonly end: AbortController;
  }> {
    const deviceId = `line-${++devices}`;
    const connectionString = hub.createDevice({ deviceId });
    const desire = async (firmware: unknown): Promise<void> => {
      await connectRegistry(hub).updateTwin(deviceId, { properties: { desired: { firmware } } }, "*");
    };
    await desire({ fwVersion: "1.1.0", rolloutId: "one" });
    const onDesired = vi.fn<HubSessionOptions["onDesired"]>();
    const onTokenRenewed = vi.fn<() => void>();
    const end = new AbortController();
    const session = await open({
      ...{ connectionString, caPem: authority.certPem, twinTimeoutMs: 10_000, onDesired, onTokenRenewed },
      signal: end.signal,
      ...change,
    });
    onTestFinished(() => session.close());
    return { session, deviceId, onDesired, onTokenRenewed, desire, end };
  }

  it("hands out what is desired when it is listened to, and after each change, always whole", async () => {
    const { session, onDesired, desire } = await aSession();
    expect(onDesired).not.toHaveBeenCalled();
    session.listen();
    expect(onDesired).toHaveBeenLastCalledWith({ fwVersion: "1.1.0", rolloutId: "one" }, undefined);
    await desire({ fwVersion: "1.2.0" });
    await vi.waitFor(() => {
      expect(onDesired).toHaveBeenLastCalledWith({ fwVersion: "1.2.0", rolloutId: "one" }, undefined);
    });
    await desire(null);
    await vi.waitFor(() => {
      expect(onDesired.mock.lastCall?.[0] ?? undefined).toBeUndefined();
    });
  });

  it("hands out keys to images beside it, and all of it again when it is asked to read", async () => {
    const { session, onDesired, deviceId } = await aSession();
    session.listen();
    const given = { properties: { desired: { firmwareAccess: { keys: "k" } } } };
    await connectRegistry(hub).updateTwin(deviceId, given, "*");
    await vi.waitFor(() => {
      expect(onDesired.mock.lastCall?.[1]).toEqual({ keys: "k" });
    });
    const before = onDesired.mock.calls.length;
    session.refresh();
    await vi.waitFor(() => {
      expect(onDesired.mock.calls.length).toBeGreaterThan(before);
    });
    expect(onDesired.mock.lastCall).toEqual([{ fwVersion: "1.1.0", rolloutId: "one" }, { keys: "k" }]);
  });

  it("hands out copies that later changes leave alone", async () => {
    const { session, onDesired, desire } = await aSession();
    session.listen();
    await desire({ fwVersion: "1.2.0" });
    await vi.waitFor(() => {
      expect(onDesired).toHaveBeenLastCalledWith({ fwVersion: "1.2.0", rolloutId: "one" }, undefined);
    });
    expect(onDesired.mock.calls[0]?.[0]).toEqual({ fwVersion: "1.1.0", rolloutId: "one" });
  });

  it("reports the whole block, as one operation of the hub, and finds it at the next connection", async () => {
    const { session, deviceId } = await aSession();
    expect(session.reported()).toBeUndefined();
    const before = hub.calls().devices.reports;
    await session.report({ ...REPORTED, recovered: true });
    await session.report(REPORTED);
    expect(hub.calls().devices.reports - before).toBe(2);
    expect(hub.twins.get(deviceId).reported.value["firmware"]).toEqual(REPORTED);
    await session.close();
    const again = await open({
      ...{ connectionString: hub.deviceConnectionString(deviceId), caPem: authority.certPem },
      ...{ twinTimeoutMs: 10_000, onDesired: vi.fn(), onTokenRenewed: vi.fn() },
      signal: new AbortController().signal,
    });
    expect(again.reported()).toMatchObject(REPORTED);
    await again.close();
  });

  it("says why a report was refused, and goes on", async () => {
    const { session, deviceId } = await aSession();
    hub.faults.add({ match: { call: "reports", deviceId }, kind: "status", status: 429, times: 1 });
    await expect(session.report(REPORTED)).rejects.toThrow("A fault that was set on the local hub");
    await session.report(REPORTED);
  });

  it("is lost when the connection is cut", async () => {
    const { session, deviceId } = await aSession();
    hub.dropConnection(deviceId);
    expect(await session.lost).toMatch(/^the connection was lost/);
    await expect(session.report(REPORTED)).rejects.toThrow(/^the connection was lost/);
  });

  it("ends when it is told to, and closing twice is once", async () => {
    const { session, end } = await aSession();
    end.abort();
    expect(await session.lost).toBe("it was closed");
    await session.close();
    await session.close();
  });

  it("does not wait for ever for a read of the twin", async () => {
    const mute = await startMuteHub({ authority, answersReads: false });
    await expect(aSession({ gateway: mute.address, twinTimeoutMs: 100 })).rejects.toThrow(
      "the hub did not answer a read of the twin in 100 ms",
    );
  });

  it("is given up when a report is not answered", async () => {
    const mute = await startMuteHub({ authority, answersReads: true });
    const { session } = await aSession({ gateway: mute.address, twinTimeoutMs: 300 });
    const late = "the hub did not answer a report in 300 ms";
    await expect(session.report(REPORTED)).rejects.toThrow(late);
    expect(await session.lost).toBe(late);
  });

  it("renews its token and reads what was asked meanwhile", async () => {
    const { session, deviceId, onDesired, onTokenRenewed, desire } = await aSession({
      tokenLifetimeSeconds: 4,
    });
    session.listen();
    const { connections, twinReads } = hub.calls().devices;
    await vi.waitFor(() => {
      expect(onTokenRenewed).toHaveBeenCalledOnce();
    }, 10_000);
    expect(hub.calls().devices.connections - connections).toBe(1);
    expect(hub.calls().devices.twinReads - twinReads).toBe(1);
    await desire({ fwVersion: "1.3.0" });
    await vi.waitFor(() => {
      expect(onDesired).toHaveBeenLastCalledWith({ fwVersion: "1.3.0", rolloutId: "one" }, undefined);
    });
    await session.report(REPORTED);
    expect(hub.twins.get(deviceId).reported.value["firmware"]).toEqual(REPORTED);
  });

  it("answers direct methods, also one that fails, and is not there for others", async () => {
    const echo = vi.fn((payload: unknown) => Promise.resolve({ status: 201, payload: { echo: payload } }));
    const fail = (): Promise<never> => Promise.reject(new Error("no such log"));
    const { deviceId, end } = await aSession({ methods: { echo, fail } });
    const invoke = (methodName: string): ReturnType<LocalHub["invokeMethod"]> =>
      hub.invokeMethod(deviceId, {
        methodName,
        payload: { lines: 3 },
        responseTimeoutMs: 5_000,
        connectTimeoutMs: 0,
      });
    await vi.waitFor(async () => {
      expect(await invoke("echo")).toEqual({ status: 201, payload: { echo: { lines: 3 } } });
    }, 10_000);
    expect(await invoke("fail")).toEqual({ status: 500, payload: { message: "no such log" } });
    end.abort();
  });

  it("rejects when nobody listens, when the key is wrong, and when it does not trust the hub", async () => {
    await expect(aSession({ gateway: "localhost:1" })).rejects.toThrow(/ECONNREFUSED/);
    const stranger = hub
      .deviceConnectionString("line-1")
      .replace(/SharedAccessKey=[^;]+/, "SharedAccessKey=c2VjcmV0");
    await expect(aSession({ connectionString: stranger })).rejects.toThrow(/not authorized/i);
    await expect(aSession({ caPem: (await createCertificateAuthority()).certPem })).rejects.toThrow(
      /certificate/,
    );
  });

  it("carries an agent through an update in five reports and one patch", async () => {
    const image = await firmwareImage("1.1.0");
    const store = await startImageServer((__, response) => {
      response.end(image.bytes);
    }, authority);
    const directory = await temporaryDirectory();
    await installFactoryImage({ stateDirectory: directory, image: (await firmwareImage("1.0.0")).bytes });
    const deviceId = `line-${++devices}`;
    const told: FirmwareReported[] = [];
    await using agent = await startAgent({
      connectionString: hub.createDevice({ deviceId }),
      caPem: authority.certPem,
      stateDirectory: directory,
      driver: wasmDriver({ directory, hardware: { revision: 1, sensorLot: 1 } }),
      ...{ clock: systemClock, healthTimeMs: 10, openSession: open },
      onEvent: (event) => {
        if (event.type === "reported") told.push(event.reported);
      },
    });
    await vi.waitUntil(() => told.length === 1, 20_000);
    const before = hub.calls().devices;
    const firmware = {
      ...{ fwVersion: "1.1.0", fwPackageURI: store.uri("/1.1.0"), fwPackageCheckValue: image.sha256 },
      ...{ fwPackageSize: image.bytes.length, fwManifest: "", fwManifestSignature: "", rolloutId: "r" },
    };
    await connectRegistry(hub).updateTwin(deviceId, { properties: { desired: { firmware } } }, "*");
    await vi.waitUntil(() => told.at(-1)?.outcome === "ok", 20_000);
    expect(agent.version()).toBe("1.1.0");
    const after = hub.calls().devices;
    expect(after.reports - before.reports).toBe(5);
    expect(after.desiredPatches - before.desiredPatches).toBe(1);
    expect(after.twinReads - before.twinReads).toBe(0);
    expect(told.slice(1).map(({ fwUpdateStatus, outcome }) => `${fwUpdateStatus} ${outcome}`)).toEqual([
      "current contacted",
      "downloading contacted",
      "applying contacted",
      "rebooting contacted",
      "current ok",
    ]);
  });
});
