import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aSmokeRelease } from "../../support/declarations.ts";
import { startDeployment, type Deployment } from "../../support/deployment.ts";

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment({ name: "test-bad-input", devices: 8, scale: 600 });
  expect((await deployment.wavegate(["apply"])).code).toBe(0);
});
afterAll(() => deployment[Symbol.asyncDispose]());

/** A release of 1.1.0 in two smoke waves; eight devices can prove nothing. */
function aRelease(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const waves = [
    { name: "canary", cohort: ring("canary") },
    { name: "everyone", cohort: percent(100) },
  ];
  return { ...aSmokeRelease({ waves }), artifact: deployment.artifacts.get("1.1.0"), ...more };
}

/** The command must fail with this code, say what and what next, and leave every configuration as it was. */
async function refused(args: readonly string[], code: string, settings?: string): Promise<string> {
  const before = await deployment.configurations();
  const { code: exit, lines } = await deployment.wavegate(args, settings);
  const text = lines.join("\n");
  expect(text).toContain(code);
  expect(text).toMatch(/next: \S/);
  expect(text).not.toMatch(/\n\s+at /);
  expect(exit, text).toBe(1);
  expect(await deployment.configurations()).toEqual(before);
  return text;
}

describe("bad input", () => {
  it("an image with another digest than declared is refused by plan and apply", async () => {
    const sha256 = createHash("sha256").update("what was meant").digest("hex");
    const path = `sha256/${sha256}.bin`;
    await deployment.upload(path, Buffer.from("what is there"));
    await deployment.release(
      "wrong.ts",
      aRelease({ artifact: { path, sha256, size: 13, manifest: "", signature: "" } }),
    );
    const text = await refused(["plan"], "ARTIFACT_MISMATCH");
    expect(text).toContain(sha256);
    await refused(["apply"], "ARTIFACT_MISMATCH");
    await deployment.removeRelease("wrong.ts");
  });

  it("an image that was never stored is refused", async () => {
    const sha256 = createHash("sha256").update("never stored").digest("hex");
    await deployment.release(
      "absent.ts",
      aRelease({ artifact: { path: `sha256/${sha256}.bin`, sha256, size: 12, manifest: "", signature: "" } }),
    );
    await refused(["apply"], "ARTIFACT_MISSING");
    await deployment.removeRelease("absent.ts");
  });

  it("an unknown product is refused, with the name that was meant", async () => {
    await deployment.release("unknown.ts", aRelease({ product: "termostat" }));
    expect(await refused(["plan"], "UNKNOWN_PRODUCT")).toContain('did you mean "thermostat"');
    await refused(["apply"], "UNKNOWN_PRODUCT");
    await deployment.removeRelease("unknown.ts");
  });

  it("two releases of one version are refused, and both files are named", async () => {
    await deployment.release("one.ts", aRelease());
    await deployment.release("two.ts", aRelease({ watch: "2 days" }));
    const text = await refused(["apply"], "DUPLICATE_RELEASE");
    expect(text).toContain("one.ts");
    expect(text).toContain("two.ts");
    await deployment.removeRelease("one.ts");
    await deployment.removeRelease("two.ts");
  });

  it("a malformed release is refused with all its problems at once", async () => {
    await deployment.release(
      "malformed.ts",
      aRelease({ version: "next", wach: "1 day", gate: { tolerate: "20%" } }),
    );
    const text = await refused(["apply"], "RELEASE_INVALID");
    expect(text).toContain('did you mean "watch"');
    expect(text).toContain("semantic version");
    expect(text).toContain("gate.reject");
    await deployment.removeRelease("malformed.ts");
  });

  it("a hub that is not there is told, with what to check", async () => {
    const settings = await deployment.settingsWith(
      "HostName=localhost:9;SharedAccessKeyName=iothubowner;SharedAccessKey=a2V5",
    );
    await refused(["apply"], "HUB_UNREACHABLE", settings);
    await refused(["status"], "HUB_UNREACHABLE", settings);
  });

  it("a wrong key is told, and not printed", async () => {
    const key = Buffer.from("not the hub's key").toString("base64");
    const settings = await deployment.settingsWith(
      `HostName=localhost:${deployment.hub.httpsPort};SharedAccessKeyName=iothubowner;SharedAccessKey=${key}`,
    );
    expect(await refused(["apply"], "HUB_UNAUTHORIZED", settings)).not.toContain(key);
  });

  it("a device without a bucket is counted, and blocks when it is one of few", async () => {
    deployment.hub.createDevice({
      deviceId: "no-agent",
      tags: { product: "thermostat", rollout: { stratum: "A" } },
    });
    await deployment.release("good.ts", aRelease());
    expect(await refused(["apply"], "UNSTAMPED")).toContain("1 of 9 devices");
    await deployment.removeRelease("good.ts");
  });
});

describe("a release under way", () => {
  it("is frozen when its file is changed or removed", async () => {
    // The device of the test before has no agent: a bucket in its tags makes it reachable, and it stays silent.
    const registry = (await import("../../support/iot-hub-registry.ts")).connectRegistry(deployment.hub);
    await registry.updateTwin("no-agent", { tags: { rollout: { bucket: 5 } } }, "*");
    await deployment.release("good.ts", aRelease());
    for (let runs = 0; runs < 3; runs++) await deployment.wavegate(["reconcile"]);
    const status = await deployment.wavegate(["status", "--json"]);
    expect(status.lines.join("\n")).toContain('"state": "running"');

    await deployment.release("good.ts", aRelease({ watch: "2 days" }));
    await refused(["apply"], "RELEASE_CHANGED");
    const told = await deployment.wavegate(["status"]);
    expect(told.lines.join("\n")).toMatch(/next: blocked, nothing widens: RELEASE_CHANGED/);
    await deployment.removeRelease("good.ts");
    await refused(["reconcile"], "RELEASE_REMOVED");
  });

  it("can be aborted from a checkout that lacks it", async () => {
    const { code, lines } = await deployment.wavegate([
      "abort",
      "thermostat",
      "--reason",
      "its file is gone",
    ]);
    expect(code, lines.join("\n")).toBe(0);
    expect(JSON.stringify(await deployment.configurations())).toContain(
      '"wg-abort-reason":"its%20file%20is%20gone"',
    );
    const applied = await deployment.wavegate(["apply"]);
    expect(applied.code, applied.lines.join("\n")).toBe(3);
    const history = await deployment.wavegate(["history"]);
    expect(history.lines.join("\n")).toMatch(/abort +1\.1\.0 +its file is gone/);
  });

  it("refuses an abort without a reason, and one with nothing to stop", async () => {
    await refused(["abort", "thermostat"], "BAD_OPTION");
    await refused(["abort", "thermostat", "--reason", "again"], "NOTHING_TO_STOP");
  });
});
