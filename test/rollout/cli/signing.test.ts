import { execFileSync } from "node:child_process";
import { createPrivateKey, sign } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EXIT, type Command, type Context, type Result } from "../../../rollout/cli/command.ts";
import { keysNew } from "../../../rollout/cli/commands/keys-new.ts";
import { releaseAdd } from "../../../rollout/cli/commands/release-add.ts";
import { releaseVerify } from "../../../rollout/cli/commands/release-verify.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import type { Session } from "../../../rollout/cli/session.ts";
import { sha256Hex } from "../../../rollout/model/digest.ts";
import { parseManifest } from "../../../rollout/model/manifest.ts";
import { expectUsable } from "../../../device/trust.ts";
import { PROJECT } from "../../support/command-line.ts";
import { aRelease } from "../../support/declarations.ts";

let folder: string;
let stored: Map<string, Uint8Array>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-signing-"));
  stored = new Map();
  await mkdir(join(folder, "releases"));
  // Release files import the package by its name.
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await mkdir(join(folder, "node_modules"));
  await symlink(PROJECT, join(folder, "node_modules", "wavegate"));
  await writeFile(join(folder, "fw.bin"), "firmware of some bytes");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** The command in the folder, with images in a map. */
function run(
  command: Command,
  options: Readonly<Record<string, unknown>>,
  ...args: readonly string[]
): Promise<Result> {
  const session = {
    settings: { declarations: { fleet: join(folder, "fleet.ts"), releases: join(folder, "releases") } },
    images: {
      base: "https://images.example",
      describe: (path: string) => {
        const bytes = stored.get(path);
        return Promise.resolve(
          bytes === undefined ? undefined : { size: bytes.length, sha256: sha256Hex(bytes) },
        );
      },
      upload: (path: string, bytes: Uint8Array) => {
        stored.set(path, bytes);
        return Promise.resolve();
      },
    },
  };
  const context = {
    settings: () => Promise.resolve(session.settings),
    // The part of a session that these commands use.
    session: () => Promise.resolve(session as unknown as Session),
    folder,
    signal: new AbortController().signal,
  };
  // The part of the context that these commands use.
  return command.run(context as unknown as Context, { args, options });
}

interface Pair {
  readonly keyId: string;
  readonly publicKey: string;
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
}

async function newKeys(): Promise<Pair> {
  const made = (await run(keysNew, { out: join(folder, "keys") })).json as Pair;
  return {
    ...made,
    privateKeyFile: join(folder, made.privateKeyFile),
    publicKeyFile: join(folder, made.publicKeyFile),
  };
}

const add = (options: Readonly<Record<string, unknown>>): Promise<Result> =>
  run(releaseAdd, { product: "thermostat", release: "2.1.0", ...options }, join(folder, "fw.bin"));
const verify = (key: Pair, options: Readonly<Record<string, unknown>> = {}): Promise<Result> =>
  run(releaseVerify, { publicKey: key.publicKeyFile, ...options });

async function refusal(work: Promise<Result>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WavegateError);
  return error instanceof WavegateError ? `${error.code}: ${error.message}` : "";
}

/** Everything below the folder that is no private key, and everything that was stored. */
async function written(): Promise<string> {
  const texts = [...stored.values()].map((bytes) => Buffer.from(bytes).toString());
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !entry.name.includes(".private.")) {
      texts.push(await readFile(join(entry.parentPath, entry.name), "utf8"));
    }
  }
  return texts.join("\n");
}

describe("wavegate keys new", () => {
  it("writes a pair, the private part for its owner alone, and prints the line that devices pin", async () => {
    const { human, json } = await run(keysNew, { out: "keys" });
    const { keyId, publicKey, privateKeyFile } = json as Pair;
    expect((await stat(join(folder, privateKeyFile))).mode & 0o777).toBe(0o600);
    expect(human).toContain(`{ keyId: "${keyId}", publicKey: "${publicKey}" }`);
    expect(() => {
      expectUsable({ product: "thermostat", hardware: "B", keys: [{ keyId, publicKey }] });
    }).not.toThrow();
    const secret = await readFile(join(folder, privateKeyFile), "utf8");
    for (const line of secret.split("\n").filter((text) => text !== ""))
      expect(human + JSON.stringify(json)).not.toContain(line);
  });

  it("says where it cannot write", async () => {
    // Nobody makes a file there, whoever they are.
    expect(await refusal(run(keysNew, { out: "/proc/self" }))).toBe(
      "BAD_OPTION: no key can be written to /proc/self",
    );
  });

  it("refuses a folder that git would take up, and takes one that is ignored", async () => {
    execFileSync("git", ["init", "--quiet", folder]);
    expect(await refusal(run(keysNew, { out: "keys" }))).toContain("KEY_EXPOSED");
    expect(await readdir(join(folder, "keys"))).toEqual([]);
    await writeFile(join(folder, ".gitignore"), "*.private.pem\n");
    expect((await run(keysNew, { out: "keys" })).exitCode).toBe(EXIT.done);
    expect(
      execFileSync("git", ["-C", folder, "status", "--short", "-uall"], { encoding: "utf8" }),
    ).not.toContain(".private.pem");
  });
});

describe("wavegate release add with a key", () => {
  it("signs what it stores, with boards and floor, and the private key is nowhere in it", async () => {
    const key = await newKeys();
    const { human } = await add({ key: key.privateKeyFile, hardware: "A, B", floor: "2.0.0" });
    expect(human).toContain(`signed by the key ${key.keyId}`);
    const text = await readFile(join(folder, "releases", "thermostat-2.1.0.ts"), "utf8");
    const manifest = JSON.parse(/manifest: (".*"),/.exec(text)?.[1] ?? '""') as string;
    expect(parseManifest(manifest)).toEqual({
      product: "thermostat",
      version: "2.1.0",
      sha256: sha256Hex("firmware of some bytes"),
      size: 22,
      hardware: ["A", "B"],
      floor: "2.0.0",
      keyId: key.keyId,
    });
    expect(await verify(key)).toMatchObject({
      exitCode: EXIT.done,
      human: `releases/thermostat-2.1.0.ts: signed by ${key.keyId}, image as stated`,
    });
    const secret = await readFile(key.privateKeyFile, "utf8");
    expect(await written()).not.toContain(secret.split("\n")[1]);
  });

  it.each([
    ["as it is", (pem: string) => pem],
    ["on one line", (pem: string) => pem.replaceAll("\n", "\\n")],
  ])("takes the key from the environment, %s", async (_, spelt) => {
    const key = await newKeys();
    vi.stubEnv("TEST_SIGNING_KEY", spelt(await readFile(key.privateKeyFile, "utf8")));
    await add({ keyEnv: "TEST_SIGNING_KEY" });
    expect((await verify(key)).exitCode).toBe(EXIT.done);
  });

  it("has a command sign, that gets the manifest's bytes and prints base64", async () => {
    const key = await newKeys();
    const vault = join(folder, "vault.mjs");
    await writeFile(
      vault,
      `import { sign } from "node:crypto";
import { readFileSync } from "node:fs";
console.log(sign(null, readFileSync(0), readFileSync(${JSON.stringify(key.privateKeyFile)})).toString("base64"));`,
    );
    await add({ signCommand: `"${process.execPath}" "${vault}"`, publicKey: key.publicKeyFile });
    expect((await verify(key)).exitCode).toBe(EXIT.done);
  });

  it.each([
    ["exit 3", "did not sign: it ended with code 3"],
    ["echo AAAA", "is no signature of the key"],
    [
      `echo ${sign(null, Buffer.from("other"), createPrivateKey({ key: Buffer.from("302e020100300506032b657004220420" + "11".repeat(32), "hex"), format: "der", type: "pkcs8" })).toString("base64")}`,
      "is no signature of the key",
    ],
  ])("stores nothing when the command %s", async (signCommand, message) => {
    const key = await newKeys();
    const told = await refusal(add({ signCommand, publicKey: key.publicKeyFile }));
    expect(told).toContain("SIGNING_FAILED");
    expect(told).toContain(message);
    expect(stored.size).toBe(0);
    expect(await readdir(join(folder, "releases"))).toEqual([]);
  });

  it.each<[string, (key: Pair) => Readonly<Record<string, unknown>>, string]>([
    ["two keys", (key) => ({ key: key.privateKeyFile, keyEnv: "X" }), "BAD_OPTION"],
    ["the public key", (key) => ({ key: key.publicKeyFile }), "KEY_EXPOSED"],
    ["an empty variable", () => ({ keyEnv: "TEST_ABSENT_KEY" }), "KEY_INVALID"],
    ["a command without its public key", () => ({ signCommand: "true" }), "BAD_OPTION"],
    [
      "a command with the private key",
      (key) => ({ signCommand: "true", publicKey: key.privateKeyFile }),
      "KEY_INVALID",
    ],
    ["boards without a key", () => ({ hardware: "A" }), "BAD_OPTION"],
    [
      "a floor above the version",
      (key) => ({ key: key.privateKeyFile, floor: "2.1.1" }),
      "BAD_OPTION: this would be no manifest: floor",
    ],
    [
      "no board",
      (key) => ({ key: key.privateKeyFile, hardware: "" }),
      "BAD_OPTION: this would be no manifest: hardware",
    ],
  ])("refuses %s", async (_, options, told) => {
    expect(await refusal(add(options(await newKeys())))).toContain(told);
    expect(stored.size).toBe(0);
  });

  it("refuses a private key that others may read", async () => {
    const key = await newKeys();
    await chmod(key.privateKeyFile, 0o644);
    expect(await refusal(add({ key: key.privateKeyFile }))).toContain("KEY_EXPOSED");
  });
});

describe("wavegate release verify", () => {
  const file = (): string => join(folder, "releases", "thermostat-2.1.0.ts");
  const codes = ({ json }: Result): unknown =>
    (json as { releases: { problems: { code: string }[] }[] }).releases.flatMap((one) =>
      one.problems.map(({ code }) => code),
    );
  const edit = async (change: (text: string) => string): Promise<void> => {
    // A module that was imported once is not read again: the edited file gets a name of its own.
    await writeFile(join(folder, "releases", "edited.ts"), change(await readFile(file(), "utf8")));
    await rm(file());
  };

  it("says when a release is not signed, or by another key", async () => {
    const [key, other] = [await newKeys(), await newKeys()];
    await add({});
    await add({ release: "2.1.1", key: other.privateKeyFile });
    const result = await verify(key);
    expect(result.exitCode).toBe(EXIT.error);
    expect(codes(result)).toEqual(["SIGNATURE_MISSING", "SIGNATURE_INVALID"]);
    expect(result.human).toContain(`it names the key ${other.keyId}`);
  });

  it.each<[string, (text: string) => string]>([
    ["version", (text) => text.replace('version: "2.1.0"', 'version: "2.1.1"')],
    ["size", (text) => text.replace("size: 22", "size: 23")],
    ["manifest", (text) => text.replace('\\"size\\":22', '\\"size\\":23')],
  ])("says when the file's %s is not the manifest's", async (_, change) => {
    const key = await newKeys();
    await add({ key: key.privateKeyFile });
    await edit(change);
    const result = await verify(key);
    expect(codes(result)).toContain("RELEASE_INVALID");
    expect(result.human).toContain("devices refuse it");
    expect(result.exitCode).toBe(EXIT.error);
  });

  it("says when the manifest and the file were both changed", async () => {
    const key = await newKeys();
    await add({ key: key.privateKeyFile });
    await edit((text) =>
      text
        .replace('version: "2.1.0"', 'version: "2.1.1"')
        .replace('\\"version\\":\\"2.1.0\\"', '\\"version\\":\\"2.1.1\\"'),
    );
    expect(codes(await verify(key))).toEqual(["SIGNATURE_INVALID"]);
  });

  it("says when the stored image is another one, or gone", async () => {
    const key = await newKeys();
    await add({ key: key.privateKeyFile });
    const [path = ""] = stored.keys();
    stored.set(path, Buffer.from("firmware of some bits!"));
    expect(codes(await verify(key))).toEqual(["ARTIFACT_MISMATCH"]);
    stored.clear();
    expect(codes(await verify(key))).toEqual(["ARTIFACT_MISSING"]);
  });

  it("compares with a local image instead, for one release", async () => {
    const key = await newKeys();
    await add({ key: key.privateKeyFile });
    stored.clear();
    expect((await verify(key, { image: "fw.bin" })).exitCode).toBe(EXIT.done);
    await writeFile(join(folder, "other.bin"), "something else");
    expect(codes(await verify(key, { image: "other.bin" }))).toEqual(["ARTIFACT_MISMATCH"]);
    await add({ release: "2.1.1", key: key.privateKeyFile });
    expect(await refusal(verify(key, { image: "fw.bin" }))).toContain("these are 2");
  });

  it("takes no release for a success when there is none", async () => {
    expect(await refusal(verify(await newKeys()))).toContain("there is no release");
  });
});

describe("wavegate release add, from an example", () => {
  const EXAMPLE = aRelease("1.1.0", {
    holdOut: "10%",
    watch: "3 days",
    gate: {
      ...aRelease("1.1.0").gate,
      metrics: [
        {
          ...{ name: "crashes", source: "telemetry", freshness: "1 hour" },
          query: { treated: "a", treatedExposure: "b", control: "c", controlExposure: "d" },
          judge: { kind: "rate ratio", tolerate: 1 },
        },
      ],
    },
  });

  it("takes waves, gate, watch and hold-out over", async () => {
    await writeFile(join(folder, "example.ts"), `export default ${JSON.stringify(EXAMPLE)};\n`);
    await add({ like: "example.ts" });
    const text = await readFile(join(folder, "releases", "thermostat-2.1.0.ts"), "utf8");
    expect(text).toContain('holdOut: "10%",');
    expect(text).toContain('watch: "3 days",');
    expect(text).toContain('"kind":"rate ratio"');
  });

  it("refuses an example that is no release, with what is wrong with it", async () => {
    await writeFile(
      join(folder, "example.ts"),
      `export default ${JSON.stringify({ ...EXAMPLE, wach: 1 })};\n`,
    );
    await expect(add({ like: "example.ts" })).rejects.toMatchObject({
      code: "RELEASE_INVALID",
      message: "example.ts is no release to take waves and gate from",
      problems: [{ path: "example.ts: wach" }],
    });
    expect(stored.size).toBe(0);
  });
});
