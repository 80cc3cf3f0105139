import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSettings } from "../../../rollout/cli/settings/load-settings.ts";
import { start } from "../../support/command-line.ts";

const OUTPUTS = {
  outputsVersion: 1,
  hubName: "dev",
  hubHostName: "dev.azure-devices.net",
  tier: "S2",
  units: 3,
  firmwareBase: "https://dev.blob.core.windows.net/firmware",
  recordsUrl: "https://devrecords.blob.core.windows.net/records",
  rolloutClientId: "11111111-2222-4333-8444-555555555555",
  deviceBuckets: {},
};
const KEY = "HostName=h;SharedAccessKeyName=k;SharedAccessKey=c2VjcmV0";
const DEMO = {
  schemaVersion: 1,
  hub: { name: "demo", connectionString: KEY, caFile: "ca.pem" },
  images: { base: "https://localhost/firmware", credential: { kind: "azure-cli" } },
  records: { folder: "records" },
  declarations: { fleet: "fleet.ts", releases: "releases" },
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "outputs-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, value: unknown): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), JSON.stringify(value), { mode: 0o600 });
}

function load(
  flags: { readonly flag?: string; readonly stackOutputs?: string },
  environment: Record<string, string> = {},
): ReturnType<typeof loadSettings> {
  return loadSettings({ flag: flags.flag, stackOutputs: flags.stackOutputs, environment, folder });
}

describe("a stack's outputs", () => {
  it("are settings enough: whoever signed in with the Azure CLI needs no file", async () => {
    await write("outputs.json", OUTPUTS);
    const credential = { kind: "azure-cli" };
    expect(await load({ stackOutputs: "outputs.json" })).toMatchObject({
      hub: { name: "dev", hostName: "dev.azure-devices.net", tier: "S2", units: 3, credential },
      images: { base: OUTPUTS.firmwareBase, credential },
      records: { container: OUTPUTS.recordsUrl, credential },
      declarations: { fleet: join(folder, "rollout/fleet.ts"), releases: join(folder, "rollout/releases") },
    });
  });

  it("are found by the flag before WAVEGATE_STACK_OUTPUTS", async () => {
    await write("a.json", OUTPUTS);
    await write("b.json", { ...OUTPUTS, hubName: "other" });
    expect((await load({}, { WAVEGATE_STACK_OUTPUTS: "b.json" })).hub.name).toBe("other");
    expect((await load({ stackOutputs: "a.json" }, { WAVEGATE_STACK_OUTPUTS: "b.json" })).hub.name).toBe(
      "dev",
    );
  });

  it("give way to the settings file, and both to the environment, value by value", async () => {
    await write("outputs.json", OUTPUTS);
    const inFile = { hub: { tier: "S3" }, records: { folder: "kept" }, lookEvery: "10 minutes" };
    await write("wavegate.settings.json", inFile);
    const environment = { WAVEGATE_HUB_UNITS: "7", WAVEGATE_IMAGES_BASE: "https://cdn.example.com" };
    expect(await load({ stackOutputs: "outputs.json" }, environment)).toMatchObject({
      hub: { hostName: "dev.azure-devices.net", tier: "S3", units: 7 },
      images: { base: "https://cdn.example.com" },
      records: { folder: join(folder, "kept") },
      lookEvery: 600_000,
    });
    const all = { WAVEGATE_HUB_TIER: "S1", WAVEGATE_RECORDS_FOLDER: "elsewhere" };
    expect(await load({ stackOutputs: "outputs.json" }, all)).toMatchObject({
      hub: { tier: "S1", units: 3 },
      records: { folder: join(folder, "elsewhere") },
    });
  });

  it("are never mixed with a demo that happens to run here", async () => {
    await write(".wavegate/demo/settings.json", DEMO);
    expect((await load({})).hub.name).toBe("demo");
    await write("outputs.json", OUTPUTS);
    const { hub } = await load({ stackOutputs: "outputs.json" });
    expect(hub).toMatchObject({ name: "dev", hostName: "dev.azure-devices.net" });
    expect(hub).not.toHaveProperty("connectionString");
  });

  it("name a hub that a key in a higher layer replaces, and the other way round", async () => {
    await write("outputs.json", OUTPUTS);
    const { hub } = await load({ stackOutputs: "outputs.json" }, { WAVEGATE_HUB_CONNECTION_STRING: KEY });
    expect(hub).toMatchObject({ name: "dev", connectionString: KEY });
    expect(hub).not.toHaveProperty("hostName");
    await write("demo.json", DEMO);
    const environment = { WAVEGATE_HUB_HOST_NAME: "h.azure-devices.net", WAVEGATE_CREDENTIAL: "azure-cli" };
    const named = (await load({ flag: "demo.json" }, environment)).hub;
    expect(named).toMatchObject({ hostName: "h.azure-devices.net", credential: { kind: "azure-cli" } });
    expect(named).not.toHaveProperty("connectionString");
    expect(named).not.toHaveProperty("caFile");
  });

  it("tell a managed identity which one it is", async () => {
    await write("outputs.json", OUTPUTS);
    const identity = { kind: "managed-identity", clientId: OUTPUTS.rolloutClientId };
    expect(
      await load({ stackOutputs: "outputs.json" }, { WAVEGATE_CREDENTIAL: "managed-identity" }),
    ).toMatchObject({
      hub: { credential: identity },
      images: { credential: identity },
      records: { credential: identity },
    });
  });

  it("name a container of records that a folder in a higher layer replaces, and the other way round", async () => {
    await write("outputs.json", OUTPUTS);
    const from = async (environment: Record<string, string>): Promise<unknown> =>
      (await load({ stackOutputs: "outputs.json" }, environment)).records;
    const WAVEGATE_CREDENTIAL = "workload-identity";
    const kept = { folder: join(folder, "kept") };
    // A credential goes with a container only.
    expect(await from({ WAVEGATE_RECORDS_FOLDER: "kept", WAVEGATE_CREDENTIAL })).toEqual(kept);
    const other = { WAVEGATE_RECORDS_CONTAINER: "https://other.blob.core.windows.net/records" };
    expect(await from(other)).toEqual({
      container: other.WAVEGATE_RECORDS_CONTAINER,
      credential: { kind: "azure-cli" },
    });
    await write("wavegate.settings.json", { records: { folder: "kept" } });
    expect(await from({})).toEqual(kept);
    expect(await from({ WAVEGATE_CREDENTIAL })).toEqual(kept);
    expect(await from({ ...other, WAVEGATE_CREDENTIAL })).toEqual({
      container: other.WAVEGATE_RECORDS_CONTAINER,
      credential: { kind: "workload-identity" },
    });
    await expect(from({ ...other, WAVEGATE_RECORDS_FOLDER: "kept" })).rejects.toMatchObject({
      problems: [{ summary: expect.stringContaining("either") as string }],
    });
  });

  it("that are missing, of another version or of another program say how they are written", async () => {
    const hint = expect.stringContaining("pulumi stack output --json > ") as string;
    await expect(load({ stackOutputs: "none.json" })).rejects.toMatchObject({
      code: "SETTINGS_MISSING",
      hint,
    });
    await write("outputs.json", { ...OUTPUTS, outputsVersion: 2, hubHostName: undefined });
    await expect(load({ stackOutputs: "outputs.json" })).rejects.toMatchObject({
      code: "SETTINGS_INVALID",
      hint,
      problems: [
        { path: expect.stringContaining("outputsVersion") as string },
        { path: expect.stringContaining("hubHostName") as string },
      ],
    });
    await writeFile(join(folder, "outputs.json"), "Current stack outputs (17):");
    await expect(load({ stackOutputs: "outputs.json" })).rejects.toMatchObject({ hint });
  });
});

describe("the environment alone", () => {
  it("is settings enough for a controller in a container", async () => {
    // What the program gives the job, test/infra/program.test.ts.
    const environment = {
      WAVEGATE_HUB_NAME: "prod",
      WAVEGATE_HUB_HOST_NAME: "prod.azure-devices.net",
      WAVEGATE_HUB_TIER: "S3",
      WAVEGATE_HUB_UNITS: "2",
      WAVEGATE_IMAGES_BASE: OUTPUTS.firmwareBase,
      WAVEGATE_RECORDS_CONTAINER: OUTPUTS.recordsUrl,
      WAVEGATE_CREDENTIAL: "managed-identity",
      WAVEGATE_CLIENT_ID: OUTPUTS.rolloutClientId,
    };
    expect(await load({}, environment)).toMatchObject({
      hub: { name: "prod", tier: "S3", units: 2, credential: { clientId: OUTPUTS.rolloutClientId } },
      records: { container: OUTPUTS.recordsUrl, credential: { clientId: OUTPUTS.rolloutClientId } },
      file: "the environment",
    });
    await expect(load({}, { ...environment, WAVEGATE_HUB_UNITS: "many" })).rejects.toMatchObject({
      problems: [{ path: "the environment: hub.units" }],
    });
  });
});

describe("wavegate --stack-outputs", () => {
  it("may stand before or after the verb", async () => {
    await write("outputs.json", { outputsVersion: 2 });
    const file = join(folder, "outputs.json");
    for (const args of [
      ["--stack-outputs", file, "history"],
      ["history", "--stack-outputs", file],
    ]) {
      const running = start(["scripts/wavegate.mjs", "--json", ...args]);
      expect(await running.ended).toBe(1);
      expect(running.lines.join("\n")).toContain("not a version of outputs that this wavegate knows");
    }
  });
});
