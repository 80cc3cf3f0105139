import { describe, expect, it } from "vitest";
import type { AttemptId } from "../../../rollout/model/attempt.ts";
import type { Configuration, ConfigurationDocument } from "../../../rollout/model/configuration.ts";
import { sha256Hex } from "../../../rollout/model/digest.ts";
import { quotaProblems } from "../../../rollout/plan/configuration-quota.ts";
import { releaseDocument } from "../../../rollout/plan/documents.ts";
import { accessDocument, grantsOf, neededAccess, opens } from "../../../rollout/plan/image-access.ts";
import { mixedAccess } from "../../../rollout/plan/mixed-access.ts";
import { anArtifact } from "../../support/declarations.ts";

const HOUR = 3_600_000;
const imageBase = "https://images.test/firmware";
const of = { product: "thermostat", imageBase };

function standing(document: ConfigurationDocument): Configuration {
  return { ...document, etag: "MQ==", createdTimeUtc: "2026-01-01T00:00:00Z", metricResults: {} };
}

function aRequest(version: string, more: Partial<Parameters<typeof releaseDocument>[0]> = {}): Configuration {
  const attempt = `fw--thermostat--${version.replaceAll(".", "-")}--1` as AttemptId; // Of that form.
  const artifact = anArtifact(version);
  const fields = {
    ...of,
    version,
    attempt,
    digest: sha256Hex(version),
    artifact,
    priority: 1_000,
    adopted: false,
  };
  return standing(releaseDocument({ ...fields, access: "on-demand", ...more }));
}

function keysTo(
  versions: readonly string[],
  more: Partial<Parameters<typeof accessDocument>[0]> = {},
): Configuration {
  const keys = Object.fromEntries(versions.map((version) => [anArtifact(version).sha256, "***"]));
  return standing(
    accessDocument({ product: "thermostat", keys, issuedAt: 0, expiresAt: 24 * HOUR, ...more }),
  );
}

describe("the images that devices need a key to", () => {
  it("are those of the product's standing releases that say so, whatever became of them", () => {
    const configurations = [
      aRequest("1.0.0", { adopted: true, priority: 900 }),
      { ...aRequest("1.1.0"), condition: "tags.product = 'thermostat'" },
      aRequest("1.2.0", { access: "public" }),
      { ...aRequest("1.3.0"), labels: {} },
      aRequest("1.4.0", { product: "press" }),
    ];
    const { images, unreachable } = neededAccess({ configurations }, of);
    expect(images.map(({ path }) => path)).toEqual([anArtifact("1.1.0").path, anArtifact("1.0.0").path]);
    expect(unreachable).toEqual([]);
  });

  it.each([
    ["null", null],
    ["a text", "1.1.0"],
    ["no address", { fwAccess: "on-demand", fwPackageCheckValue: "a".repeat(64) }],
    ["no digest", { fwAccess: "on-demand", fwPackageURI: `${imageBase}/a`, fwPackageCheckValue: "a" }],
  ])("are none where somebody has written %s into a release's place", (_, firmware) => {
    const odd = { ...aRequest("1.1.0"), content: { "properties.desired.firmware": firmware } };
    expect(neededAccess({ configurations: [odd] }, of)).toEqual({ images: [], unreachable: [] });
  });

  it("cannot be given a key where the store is another one, or the name is not the digest's", () => {
    const elsewhere = aRequest("1.1.0", { imageBase: "https://images.test/old" });
    const beside = aRequest("1.2.0", { imageBase: "https://images.test/firmware-old" });
    const odd = aRequest("1.3.0", { artifact: { ...anArtifact("1.3.0"), path: "latest.bin" } });
    const { images, unreachable } = neededAccess({ configurations: [elsewhere, beside, odd] }, of);
    expect(images).toEqual([]);
    expect(unreachable).toHaveLength(3);
  });

  it("are as many as a twin has room for; of more it is told", () => {
    const configurations = Array.from({ length: 42 }, (_, index) => aRequest(`1.${index}.0`));
    const { images, unreachable } = neededAccess({ configurations }, of);
    expect([images.length, unreachable.length]).toEqual([40, 2]);
  });
});

describe("a configuration that gives keys", () => {
  const images = neededAccess({ configurations: [aRequest("1.0.0"), aRequest("1.1.0")] }, of).images;
  const all = keysTo(["1.0.0", "1.1.0", "0.9.0"]);

  it.each([
    ["all are in it and it lasts", all, HOUR, true],
    ["it has expired", all, 24 * HOUR, false],
    ["one is missing", keysTo(["1.1.0"]), HOUR, false],
    ["its devices were edited", { ...all, condition: "*" }, HOUR, false],
    [
      "its times were edited away",
      { ...all, labels: { "wg-kind": "access", "wg-product": "thermostat" } },
      HOUR,
      false,
    ],
    [
      "its end was edited to what no key lasts",
      { ...all, labels: { ...all.labels, "wg-expires": "2099-01-01T00:00:00.000Z" } },
      HOUR,
      false,
    ],
    ["it holds nothing", { ...all, content: {} }, HOUR, false],
  ])("where %s", (_, configuration, at, isOpen) => {
    const [grant] = grantsOf({ configurations: [configuration] }, "thermostat");
    expect(opens(grant!, { images, product: "thermostat", at })).toBe(isOpen);
  });

  it("needs a slot of the hub's configurations, and a second one while it is renewed", () => {
    const full = Array.from({ length: 97 }, (_, index) => ({ ...all, id: `other-${index}`, labels: {} }));
    const plan = { creates: ["wg--thermostat", "fw--thermostat--1-1-0--1"], frees: [] };
    const codes = (keysOf: string | undefined, configurations: readonly Configuration[]): string[] =>
      quotaProblems({ ...plan, keysOf, hubs: [{ name: "plant", listing: { configurations } }] }).map(
        ({ severity, summary }) => `${severity}: ${summary}`,
      );
    expect(codes(undefined, full)[0]).toMatch(/^warning: .*2 more are needed/);
    expect(codes("thermostat", full)[0]).toMatch(/^error: .*4 more are needed/);
    expect(codes("thermostat", [...full, all])[0]).toMatch(/^error: .*3 more are needed/);
  });
});

describe("a product that has come to keys", () => {
  it("is warned of releases whose devices know of none", () => {
    const hub = {
      name: "plant",
      listing: { configurations: [aRequest("1.0.0", { access: "public" }), aRequest("1.1.0")] },
    };
    expect(mixedAccess("thermostat", [hub, hub])).toMatchObject([
      {
        severity: "warning",
        code: "ACCESS_MIXED",
        summary: "devices fetch the images of fw--thermostat--1-0-0--1 without a key",
      },
    ]);
    expect(
      mixedAccess("thermostat", [{ name: "plant", listing: { configurations: [aRequest("1.1.0")] } }]),
    ).toEqual([]);
  });
});
