import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSettings } from "../../../rollout/cli/settings/load-settings.ts";
import { publicKeyText } from "../../../rollout/model/signing-key.ts";

const KEY = "HostName=h;SharedAccessKeyName=k;SharedAccessKey=c2VjcmV0";
const SETTINGS = {
  schemaVersion: 1,
  hub: { name: "one", connectionString: KEY },
  images: { base: "https://account.blob.core.windows.net/firmware", credential: { kind: "azure-cli" } },
  records: { folder: "records" },
  declarations: { fleet: "fleet.ts", releases: "releases" },
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settings-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, value: unknown, mode = 0o600): Promise<string> {
  const file = join(folder, name);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, typeof value === "string" ? value : JSON.stringify(value), { mode });
  return file;
}

function load(flag?: string, environment: Record<string, string> = {}): ReturnType<typeof loadSettings> {
  return loadSettings({ flag, stackOutputs: undefined, environment, folder });
}

describe("settings", () => {
  it("are found by flag, environment, project, demo, in this order", async () => {
    const named = (name: string): unknown => ({ ...SETTINGS, hub: { ...SETTINGS.hub, name } });
    await write(".wavegate/demo/settings.json", named("demo"));
    expect((await load()).hub.name).toBe("demo");
    await write("wavegate.settings.json", named("project"));
    expect((await load()).hub.name).toBe("project");
    const other = await write("other.json", named("environment"));
    expect((await load(undefined, { WAVEGATE_SETTINGS: other })).hub.name).toBe("environment");
    const flag = await write("flag.json", named("flag"));
    expect((await load(flag, { WAVEGATE_SETTINGS: other })).hub.name).toBe("flag");
  });

  it("that cannot be read are not passed over for those of a demo", async () => {
    await write(".wavegate/demo/settings.json", SETTINGS);
    await mkdir(join(folder, "wavegate.settings.json"));
    await expect(load()).rejects.toMatchObject({
      code: "SETTINGS_INVALID",
      message: expect.stringContaining("wavegate.settings.json cannot be read: EISDIR") as string,
    });
  });

  it("name their files from where they stand, and have defaults", async () => {
    const file = await write("deep/wavegate.json", SETTINGS);
    const settings = await load(file);
    expect(settings.records).toEqual({ folder: join(folder, "deep", "records") });
    expect(settings).toMatchObject({
      hub: { tier: "S1", units: 1 },
      queryLag: 1_800_000,
      lookEvery: 300_000,
    });
  });

  const container = "https://account.blob.core.windows.net/records";

  it("keep records in a folder or in a container, and not in both or half of one", async () => {
    const credential = { kind: "token-file", file: "token" };
    const given = async (records: unknown): Promise<unknown> => {
      await write("wavegate.settings.json", { ...SETTINGS, records });
      return load().then(
        (settings) => settings.records,
        (error: unknown) => (error as { problems: { path: string; summary: string }[] }).problems[0],
      );
    };
    expect(await given({ container, credential, caFile: "ca.pem" })).toEqual({
      container,
      credential: { kind: "token-file", file: join(folder, "token") },
      caFile: join(folder, "ca.pem"),
    });
    const path = `${join(folder, "wavegate.settings.json")}: records`;
    const either = { path, summary: "give either `folder` or `container` with `credential`" };
    expect(await given({ folder: "records", container, credential })).toMatchObject(either);
    expect(await given({ folder: "records", credential })).toMatchObject(either);
    expect(await given({ container })).toMatchObject(either);
    expect(await given({})).toMatchObject(either);
    expect(await given({ contaner: container, credential })).toMatchObject({
      hint: 'did you mean "container"?',
    });
  });

  it.each([
    ["http://account.blob.core.windows.net/records", "an https address"],
    ["https://account.blob.core.windows.net/", "names no container"],
    [`${container}?sv=2025-01-05&sig=c2VjcmV0`, "no signature"],
  ])("that name %s as the container of records are refused", async (address, summary) => {
    const records = { container: address, credential: { kind: "azure-cli" } };
    await write("wavegate.settings.json", { ...SETTINGS, records });
    const error: unknown = await load().catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      problems: [
        {
          path: expect.stringMatching(/: records\.container$/) as string,
          summary: expect.stringContaining(summary) as string,
        },
      ],
    });
    expect(JSON.stringify(error)).not.toContain("c2VjcmV0");
  });

  it("with a key that others may read are refused, with the command that mends it", async () => {
    const file = await write("wavegate.settings.json", SETTINGS);
    await chmod(file, 0o644);
    await expect(load()).rejects.toMatchObject({ code: "SETTINGS_INVALID", hint: `run: chmod 600 ${file}` });
    await write(
      "free.json",
      {
        ...SETTINGS,
        hub: { name: "one", hostName: "h.azure-devices.net", credential: { kind: "azure-cli" } },
      },
      0o644,
    );
    expect((await load("free.json")).hub.hostName).toBe("h.azure-devices.net");
  });

  it("take the hub's key from the environment, so that no file has to hold it", async () => {
    await write("wavegate.settings.json", { ...SETTINGS, hub: { name: "one" } }, 0o644);
    expect((await load(undefined, { WAVEGATE_HUB_CONNECTION_STRING: KEY })).hub.connectionString).toBe(KEY);
  });

  it("that are missing say where was looked and how to try it without any", async () => {
    await expect(load()).rejects.toMatchObject({
      code: "SETTINGS_MISSING",
      hint: expect.stringContaining("npm start") as string,
    });
    await expect(load("none.json")).rejects.toMatchObject({
      message: expect.stringContaining("none.json") as string,
    });
  });

  it("that are malformed say everything that is wrong at once, and no secret", async () => {
    await write("wavegate.settings.json", {
      ...SETTINGS,
      hub: { ...SETTINGS.hub, hostName: "x", credential: { kind: "azure-cli" }, teir: "S1" },
      lookEvery: "often",
    });
    const error: unknown = await load().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "SETTINGS_INVALID" });
    const text = JSON.stringify(error);
    expect(text).toContain('did you mean \\"tier\\"');
    expect(text).toContain("no duration");
    expect(text).not.toContain("c2VjcmV0");
    await write("wavegate.settings.json", "{ no json");
    await expect(load()).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  });
});

describe("the images of the settings", () => {
  const withImages = (more: object): Promise<string> =>
    write("wavegate.settings.json", { ...SETTINGS, images: { ...SETTINGS.images, ...more } });

  it("have an address without a signature: whatever stands in it reaches every device", async () => {
    await withImages({ base: `${SETTINGS.images.base}?sv=2026&sig=abc` });
    await expect(load()).rejects.toMatchObject({
      code: "SETTINGS_INVALID",
      problems: [{ path: expect.stringContaining("images.base") as string }],
    });
    await expect(load()).rejects.toSatisfy((error) => !JSON.stringify(error).includes("sig=abc"));
  });

  it("have keys of a day, unless they say otherwise, and none longer than a week", async () => {
    await withImages({});
    expect((await load()).images.accessLife).toBe(24 * 3_600_000);
    await withImages({ accessLife: "90 minutes" });
    expect((await load()).images.accessLife).toBe(90 * 60_000);
    for (const accessLife of ["59 minutes", "8 days", "soon"]) {
      await withImages({ accessLife });
      await expect(load()).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
    }
  });
});

describe("the keys that plans are signed by", () => {
  const withKeys = (keys: unknown): Promise<string> =>
    write("wavegate.settings.json", { ...SETTINGS, plans: { keys } });
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");

  it("are public keys, as text or as PEM, and at least one", async () => {
    const keys = [publicKeyText(publicKey), String(publicKey.export({ format: "pem", type: "spki" }))];
    await withKeys(keys);
    expect((await load()).plans).toEqual({ keys });
    await write("wavegate.settings.json", SETTINGS);
    expect((await load()).plans).toBeUndefined();
    for (const wrong of [[], ["AAAA"], "AAAA"]) {
      await withKeys(wrong);
      await expect(load()).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
    }
  });

  it("are never private ones, and what stands there is not shown", async () => {
    const pem = String(privateKey.export({ format: "pem", type: "pkcs8" }));
    await withKeys([pem]);
    const error: unknown = await load().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "SETTINGS_INVALID",
      problems: [{ summary: "an Ed25519 public key, as wavegate keys new prints it" }],
    });
    expect(JSON.stringify(error)).not.toContain(pem.split("\n")[1]);
  });
});

describe("the folder of override files", () => {
  it("is taken from where the settings stand, or from a variable", async () => {
    const declarations = { ...SETTINGS.declarations, overrides: "decided" };
    await write("wavegate.settings.json", { ...SETTINGS, declarations });
    expect((await load()).declarations.overrides).toBe(join(folder, "decided"));
    const { declarations: named } = await load(undefined, { WAVEGATE_OVERRIDES: "other" });
    expect(named.overrides).toBe(join(folder, "other"));
  });
});
