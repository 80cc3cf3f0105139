import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { bucketOf } from "../../../rollout/model/bucket.ts";
import { aFleet } from "../../support/declarations.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { startNumberService, type NumberService, type Said } from "../../support/number-service.ts";
import {
  adopted,
  declare,
  done,
  HALF_A_DAY_A_SECOND,
  inCanary,
  running,
  SMOKE,
  type LeftOut,
  type Story,
} from "./story.ts";

/** Lines of the how-to pages that are not run. */
export const HOW_TO_LEFT_OUT: readonly LeftOut[] = [
  {
    page: "docs/how-to/adopt-a-fleet.md",
    line: "npx wavegate release add",
    reason: "the command's name in passing; first-release.md types it whole",
  },
  {
    page: "docs/how-to/own-device.md",
    line: "npm run device:conformance -- --image factory=fw-1.bin@1.0.0 --image good=fw-2.bin@2.0.0 --health 10s -- ./my-device",
    reason: "test/local/device-conformance/device-in-python.test.ts runs it for a device that is there",
  },
  {
    page: "docs/how-to/emergency-without-ci.md",
    line: "npm ci",
    reason: "installs packages; CI itself does it",
  },
  { page: "docs/how-to/emergency-without-ci.md", line: "az login", reason: "signs in to Azure" },
  {
    page: "docs/how-to/emergency-without-ci.md",
    line: "npx wavegate git journal",
    reason: "needs GitHub; test/e2e/gitops.test.ts runs it against a stand-in",
  },
];

const HUNDREDS = 1_000;
const THOUSANDS = 2_200;

let prometheus: NumberService | undefined;

/** What Prometheus answers of both strata: 95 degrees, now. */
function hotter(atMs: number): Said {
  const result = ["A", "B"].map((stratum) => ({ metric: { stratum }, value: [atMs / 1_000, "95"] }));
  return { body: JSON.stringify({ status: "success", data: { resultType: "vector", result } }) };
}

/** The how-to pages. */
export const HOW_TO: Readonly<Record<string, Story>> = {
  "docs/how-to/adopt-a-fleet.md": {
    devices: [],
    before: async (repository) => {
      const { hub } = repository;
      await repository.write("rollout/fleet.ts", "export default { products: { thermostat: {} } };\n");
      for (const { deviceId, stratum = "A", ring } of aFleet(24)) {
        const rollout = { stratum, ...(ring === undefined ? {} : { ring }) };
        hub.createDevice({ deviceId, tags: { product: "thermostat", hardware: stratum, rollout } });
        hub.twins.touch(deviceId);
        const currentFwVersion = stratum === "B" ? "1.0.3" : "1.0.0";
        hub.twins.mergeReported(deviceId, { firmware: { currentFwVersion, rolloutId: "", outcome: "" } });
      }
    },
    lines: [
      { says: /24 devices, 0 with a bucket, 24 without[^]*next: wavegate enroll thermostat --yes/ },
      {
        says: /24 devices have their bucket now/,
        before: ({ hub }) => {
          expect([...hub.twins.all()].filter(({ tags }) => hasBucket(tags))).toEqual([]);
          return Promise.resolve();
        },
      },
      { says: /adopt 1\.0\.0[^]*adopt 1\.0\.3/ },
      { says: /create the baseline 1\.0\.3, for nobody/ },
    ],
    after: async ({ hub }) => {
      for (const { deviceId, tags, desired } of hub.twins.all()) {
        expect(tags).toMatchObject({ rollout: { bucket: bucketOf(deviceId) } });
        expect(desired.value).toEqual({});
      }
      const { responseBody: made } = await connectRegistry(hub).getConfigurations();
      expect(made.map(({ id, targetCondition }) => [id, targetCondition]).sort()).toEqual([
        ["fw--thermostat--1-0-0--1", ""],
        ["fw--thermostat--1-0-3--1", ""],
        ["wg--thermostat", ""],
      ]);
    },
  },
  "docs/how-to/emergency-without-ci.md": {
    before: async (repository) => {
      await adopted(repository);
      await done(repository, "npx wavegate reconcile");
      const [canary, everyone] = SMOKE;
      await declare(repository, "1.1.0", { waves: [canary, { ...everyone, approvals: 1 }] });
    },
    lines: [
      { says: /1\.0\.0 on 24/ },
      { says: /start 1\.1\.0: opens wave "canary"/ },
      { code: 4, says: /awaits the approval of 1 person/ },
      { says: /wave "everyone" of thermostat 1\.1\.0 is approved/ },
    ],
    after: async (repository) => {
      expect(running(repository, "1.1.0")).toBe(6);
      await done(repository, "npx wavegate apply");
      expect(repository.versions()).toEqual({ "1.1.0": 24 });
      // That very plan has been carried out: it is good once.
      const again = await repository.type("npx wavegate apply urgent.plan.json");
      expect(again, again.text).toMatchObject({
        code: 1,
        text: expect.stringContaining("PLAN_STALE") as string,
      });
    },
  },
  "docs/how-to/first-release.md": {
    // So many that a wave of 5% proves a reject of 5%.
    devices: aFleet(THOUSANDS).map((device) => ({ ...device, stratum: "A" })),
    scale: 2 * HALF_A_DAY_A_SECOND,
    before: async (repository) => {
      await adopted(repository);
      await repository.write("build/thermostat.bin", "firmware of some bytes");
    },
    fill: async (line, { folder }) => {
      if (!line.includes("KEYID")) return line;
      const [key = ""] = (await readdir(join(folder, ".config/wavegate"))).filter((name) =>
        name.endsWith(".private.pem"),
      );
      return line.replace("wavegate-KEYID.private.pem", key);
    },
    lines: [
      { says: /wavegate-[0-9a-f]{16}\.private\.pem/ },
      { says: /rollout\/releases\/thermostat-1\.1\.0\.ts/ },
      { says: /1 product, 1 release: nothing to correct/ },
      { says: /start 1\.1\.0: opens wave "canary" with 6 devices/ },
      { says: /a good release \(1% fail\) is stopped in \d/ },
      { says: /1\.1\.0 is complete/ },
      { says: /1\.1\.0 is complete and watched/ },
    ],
    after: async (repository) => {
      expect(repository.versions()).toEqual({ "1.1.0": THOUSANDS });
      expect((await repository.type("npx wavegate status")).text).toMatch(/complete/);
    },
  },
  "docs/how-to/freeze.md": {
    startsAt: "2026-11-27T00:00:00Z",
    scale: HALF_A_DAY_A_SECOND / 4,
    before: async (repository) => {
      await adopted(repository);
      await inCanary(repository, "1.1.0");
    },
    lines: [
      {
        says: /until 2026-11-30 00:00/,
        before: async (repository) => {
          await done(repository, "npx wavegate reconcile");
          // The bake is over within some looks.
          for (let looks = 0; looks < 60; looks++)
            if ((await repository.type("npx wavegate status")).text.includes("sales week")) return;
        },
      },
      { says: /fw--thermostat--1-1-0--1 is held/ },
    ],
    after: (repository) => {
      expect(running(repository, "1.1.0")).toBe(6);
      return Promise.resolve();
    },
  },
  "docs/how-to/hotfix.md": {
    devices: aFleet(HUNDREDS),
    startsAt: "2026-12-24T00:00:00Z",
    before: async (repository) => {
      await adopted(repository);
      await inCanary(repository, "1.1.0");
      await done(repository, 'npx wavegate abort thermostat --reason "devices reboot"');
      await done(repository, "npx wavegate apply", 3);
      expect(repository.versions()).toEqual({ "1.0.0": HUNDREDS });
    },
    lines: [
      { says: /start 1\.1\.1: opens wave "canary"/ },
      { code: 4, says: /awaits the approval of 1 person/ },
      { says: /wave "10%" of thermostat 1\.1\.1 is approved/ },
      { says: /1\.1\.1 is complete/ },
    ],
    after: (repository) => {
      expect(repository.versions()).toEqual({ "1.1.1": HUNDREDS });
      return Promise.resolve();
    },
  },
  "docs/how-to/own-device.md": {
    scale: 1,
    before: adopted,
    lines: [{ says: /good-update/ }, { says: /24 devices, 24 with a bucket/ }],
    after: () => Promise.resolve(),
  },
  "docs/how-to/own-metrics.md": {
    devices: aFleet(200),
    scale: HALF_A_DAY_A_SECOND / 4,
    environment: { PROMETHEUS_TOKEN: "a-token-of-this-test" },
    before: async (repository) => {
      prometheus = repository.use(await startNumberService(() => hotter(repository.now())));
      await adopted(repository);
    },
    settings: (text) =>
      JSON.parse(text.replace("https://prometheus.example.com", prometheus?.url ?? "")) as object,
    lines: [
      {
        // Too hot, and in shadow: it is shown and stops nobody.
        says: /heat[^]*95/,
        before: async (repository) => {
          await done(repository, "npx wavegate apply");
          expect(repository.versions()).toEqual({ "1.2.0": 200 });
        },
      },
      { says: /promote +1\.2\.0/ },
    ],
    after: () => {
      expect(prometheus?.asked[0]?.headers.authorization).toBe("Bearer a-token-of-this-test");
      expect(prometheus?.asked[0]?.body).toContain("temperature_celsius");
      return Promise.resolve();
    },
  },
  "docs/how-to/stop-a-bad-release.md": {
    before: async (repository) => {
      await adopted(repository);
      await declare(repository, "1.1.0");
      await done(repository, "npx wavegate apply");
      await inCanary(repository, "1.2.0");
    },
    lines: [
      { says: /fw--thermostat--1-2-0--1 is held: in force on plant/ },
      { says: /fw--thermostat--1-2-0--1 is stopped: in force on plant/ },
      { says: /fw--thermostat--1-1-0--1 is stopped: in force on plant/ },
      { says: /fw--thermostat--1-2-0--1 is stopped already/ },
      {
        code: 3,
        says: /1\.1\.0 +rolled back/,
        meanwhile: async (repository) => {
          await repository.type("npx wavegate reconcile");
        },
      },
      { says: /abort +1\.2\.0 +units overheat[^]*abort +1\.1\.0 +recall/ },
    ],
    after: (repository) => {
      expect(repository.versions()).toEqual({ "1.0.0": 24 });
      return Promise.resolve();
    },
  },
};

function hasBucket(tags: unknown): boolean {
  // What wavegate writes there.
  return (tags as { readonly rollout?: { readonly bucket?: number } }).rollout?.bucket !== undefined;
}
