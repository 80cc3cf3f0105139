import { spawn } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataActionsOf, ENROLL_CALLS, IDENTITIES_CALLS } from "../../../infra/components/hub-data-actions.ts";
import { bucketOf } from "../../../rollout/model/bucket.ts";
import { PROJECT } from "../../support/command-line.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aSmokeRelease } from "../../support/declarations.ts";
import { startDeployment, type Deployment } from "../../support/deployment.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";

let deployment: Deployment;
/** The rollout signs in with a policy that may not register devices, the identities with another. */
let settings: string;

beforeAll(async () => {
  deployment = await startDeployment({ name: "test-enroll", devices: 8, scale: 600 });
  const { hub } = deployment;
  const ofRollout = await deployment.settingsWith(hub.policies.service.connectionString);
  settings = await withIdentities(ofRollout, "with-identities.json", {
    connectionString: hub.policies.iothubowner.connectionString,
  });
  expect((await deployment.wavegate(["apply"], settings)).code).toBe(0);
}, 120_000);
afterAll(() => deployment[Symbol.asyncDispose]());

/** The same settings with a section `identities`; its container is the deployment's own. */
async function withIdentities(
  file: string,
  name: string,
  identities: Readonly<Record<string, unknown>>,
): Promise<string> {
  // A file this test's support has written.
  const value = JSON.parse(await readFile(file, "utf8")) as { images: { base: string; credential: unknown } };
  const container = value.images.base.replace(/firmware$/, "identity-jobs");
  const section = { container, caFile: "ca.pem", credential: value.images.credential, ...identities };
  const written = join(dirname(file), name);
  await writeFile(written, JSON.stringify({ ...value, identities: section }), { mode: 0o600 });
  return written;
}

function make(prefix: string, count: number): string[] {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  for (const deviceId of ids) deployment.hub.createDevice({ deviceId, tags: { product: "thermostat" } });
  return ids;
}

async function bucketIn(deviceId: string): Promise<unknown> {
  // The SDK types twins as anything.
  const { tags } = (await connectRegistry(deployment.hub).getTwin(deviceId)).responseBody as {
    tags: { rollout?: { bucket?: unknown } };
  };
  return tags.rollout?.bucket;
}

async function run(...args: string[]): Promise<{ code: number | undefined; text: string }> {
  const { code, lines } = await deployment.wavegate(args, settings);
  return { code, text: lines.join("\n") };
}

const usesOf = (policy: string): readonly string[] =>
  deployment.hub
    .dataActions()
    .filter(({ caller }) => caller === policy)
    .flatMap(({ actions }) => actions);

describe("wavegate enroll", { timeout: 60_000 }, () => {
  it("shows what it would do and what to type, writes nothing, and takes the identities' sign-in for it", async () => {
    const before = usesOf("service").length;
    make("dry-", 3);
    const { code, text } = await run("enroll", "thermostat");
    expect(code, text).toBe(0);
    expect(text).toContain("thermostat: 11 devices, 0 with a bucket, 11 without");
    expect(text).toContain(
      "would write   tags.rollout.bucket of 11 devices, by one conditional twin patch each",
    );
    expect(text).toContain("25 twin writes a second and 10 query pages a minute");
    expect(text).toContain("next: wavegate enroll thermostat --yes");
    expect(new Set(usesOf("iothubowner"))).toEqual(
      new Set(["Microsoft.Devices/IotHubs/configurations/read", "Microsoft.Devices/IotHubs/twins/read"]),
    );
    expect(usesOf("service")).toHaveLength(before);
  });

  it("stamps by patches, then by an import job, with exactly the data actions of its table", async () => {
    const patched = await run("enroll", "thermostat", "--yes", "--json");
    expect(patched.code, patched.text).toBe(0);
    expect(await bucketIn("dry-1")).toBe(bucketOf("dry-1"));
    make("job-", 5);
    const { code, text } = await run("enroll", "thermostat", "--yes", "--import-above", "4");
    expect(code, text).toBe(0);
    expect(text).toContain("an export and an import job");
    expect(text).toContain("thermostat: 5 devices have their bucket now");
    expect(await bucketIn("job-4")).toBe(bucketOf("job-4"));
    const used = [...new Set(usesOf("iothubowner"))].sort();
    expect(used).toEqual(dataActionsOf(ENROLL_CALLS));
    // The role of the identities has them all.
    expect(dataActionsOf(...IDENTITIES_CALLS)).toEqual(expect.arrayContaining(used));
    const again = await run("enroll", "thermostat", "--yes");
    expect(again).toMatchObject({ code: 0, text: expect.stringContaining("nothing to do") as string });
  });

  it("ends at Ctrl-C between two devices with 130, and goes on where it stopped", async () => {
    const ids = make("slow-", 100);
    const child = spawn(
      process.execPath,
      ["scripts/wavegate.mjs", "enroll", "thermostat", "--yes", "--share", "0.1%"],
      {
        cwd: PROJECT,
        env: { ...process.env, WAVEGATE_SETTINGS: settings },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let [text, interrupted] = ["", false];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (interrupted || !/ of 100 devices\n/.test(text)) return;
        interrupted = true;
        child.kill("SIGINT");
      });
    }
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code, text).toBe(130);
    expect(text).toContain(
      "stopped before the end; it goes on where it stopped: wavegate enroll thermostat --yes",
    );
    const stamped = Number(/thermostat: (\d+) devices have their bucket now/.exec(text)?.[1]);
    expect(stamped).toBeGreaterThan(0);
    expect(stamped).toBeLessThan(100);
    const rest = await run("enroll", "thermostat", "--yes");
    expect(rest.text).toContain(`thermostat: ${100 - stamped} devices have their bucket now`);
    for (const id of [ids[0], ids[99]]) expect(await bucketIn(id ?? "")).toBe(bucketOf(id ?? ""));
  });

  it("stamps nobody while a wave is open, unless it is told to", async () => {
    await deployment.release("thermostat-1.1.0.ts", {
      ...aSmokeRelease({
        waves: [
          { name: "canary", cohort: ring("canary") },
          { name: "everyone", cohort: percent(100) },
        ],
        gate: { deadline: "2000 hours", bake: "2001 hours" },
      }),
      artifact: deployment.artifacts.get("1.1.0"),
    });
    for (let runs = 0; runs < 3; runs++) await run("reconcile");
    make("late-", 2);
    const dry = await run("enroll", "thermostat");
    expect(dry.code, dry.text).toBe(0);
    expect(dry.text).toContain('open          1.1.0 is running at wave "canary" (1 of 2)');
    expect(dry.text).toContain("next: nothing is written while a wave is open");
    const refused = await run("enroll", "thermostat", "--yes");
    expect(refused.code).toBe(1);
    expect(refused.text).toContain("ENROLL_OPEN_WAVE");
    expect(refused.text).toContain("--into-open-wave");
    expect(await bucketIn("late-1")).toBeUndefined();
    const told = await run("enroll", "thermostat", "--yes", "--into-open-wave");
    expect(told.code, told.text).toBe(0);
    expect(await bucketIn("late-1")).toBe(bucketOf("late-1"));
  });

  it.each([
    [["enroll", "thermostatt"], "UNKNOWN_PRODUCT", 'did you mean "thermostat"?'],
    [["enroll", "thermostat", "--share", "0%"], "BAD_OPTION", "--share 50%"],
    [["enroll", "thermostat", "--share", "half"], "BAD_OPTION", "--share 50%"],
    [["enroll", "thermostat", "--import-above", "many"], "BAD_OPTION", "--import-above 50000"],
    [["enroll", "thermostat", "--import-above", "-1"], "BAD_OPTION", "--import-above 50000"],
  ])("refuses %j with %s", async (args, code, hint) => {
    const refused = await run(...args);
    expect(refused.code, refused.text).toBe(1);
    expect(refused.text).toContain(code);
    expect(refused.text).toContain(hint);
  });

  it("refuses a settings file with a key of the identities that others may read", async () => {
    const open = await withIdentities(settings, "open.json", { connectionString: "HostName=x" });
    await chmod(open, 0o644);
    const { code, lines } = await deployment.wavegate(["enroll", "thermostat"], open);
    expect(code).toBe(1);
    expect(lines.join("\n")).toContain("SETTINGS_INVALID");
    expect(lines.join("\n")).toContain("chmod 600");
  });
});
