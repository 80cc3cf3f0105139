import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { HINTS } from "../../infra/configuration/hints.ts";
import { configurationSchema } from "../../infra/configuration/schema.ts";
import { describeProblems, parseStackConfiguration } from "../../infra/stack-configuration.ts";
import { readProject } from "./stack-file.ts";

const device = { deviceId: "d1", product: "thermostat", stratum: "rev-a" };

/** Places of the problems that a stack's own settings have. */
function pathsOf(settings: Record<string, unknown>): string[] {
  return parse(settings).problems.map(({ path }) => path);
}

function parse(settings: Record<string, unknown>): ReturnType<typeof parseStackConfiguration> {
  const entries = Object.entries(settings).map(([key, value]) => [
    `wavegate:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return parseStackConfiguration(Object.fromEntries(entries) as Record<string, string>, "wavegate");
}

describe("a stack's configuration", () => {
  it("may be empty: then it is small, public for reading and protected", () => {
    expect(parse({}).configuration).toEqual({
      environment: "production",
      hubTier: "S1",
      hubUnits: 1,
      hubPartitions: 4,
      allowServiceKeys: false,
      allowDeviceKeys: false,
      firmwareAccess: "public",
      firmwareImmutableDays: 0,
      storageRedundancy: "Standard_ZRS",
      retentionDays: 30,
      protect: true,
      diagnostics: true,
      logRetentionDays: 30,
      alertEmails: [],
      provisioning: false,
      controllerSchedule: "*/5 * * * *",
      devices: [],
      deviceSets: [],
      enrollmentGroups: [],
    });
  });

  it("leaves other projects' and providers' keys alone", () => {
    expect(
      parseStackConfiguration({ "azure-native:location": "westeurope", "other:hubTier": "B1" }, "wavegate")
        .problems,
    ).toEqual([]);
  });

  it("tells all its problems at once, each with a hint", () => {
    const { problems } = parse({
      hubTier: "B2",
      firmwareAccess: "everybody",
      retentionDays: 0,
      protect: "perhaps",
      hubTeir: "S1",
      rolloutSubject: "repo:acme/fleet:*",
      operator: { objectId: "me", type: "Robot" },
      devices: [{ ...device, product: "Thermo Stat" }, { deviceId: "d2" }],
    });
    expect(problems.map(({ path }) => path).sort()).toEqual([
      "wavegate:devices[0].product",
      "wavegate:devices[1].product",
      "wavegate:devices[1].stratum",
      "wavegate:firmwareAccess",
      "wavegate:hubTeir",
      "wavegate:hubTier",
      "wavegate:operator.objectId",
      "wavegate:operator.type",
      "wavegate:protect",
      "wavegate:retentionDays",
      "wavegate:rolloutSubject",
    ]);
    const text = describeProblems(problems);
    expect(text).toMatch(/^the stack's configuration has 11 problems:/);
    expect(text).toContain("pulumi config set hubTier S1");
    expect(text).toContain('did you mean "hubTier"?');
  });

  it.each([
    ["F1", 1, 2],
    ["S1", 200, 201],
    ["S2", 200, 201],
    ["S3", 10, 11],
  ])("takes as many units as %s has: %i, not %i", (hubTier, most, tooMany) => {
    const others = { environment: "development", hubPartitions: 2, hubTier };
    expect(pathsOf({ ...others, hubUnits: most })).toEqual([]);
    expect(pathsOf({ ...others, hubUnits: tooMany })).toEqual(["wavegate:hubUnits"]);
  });

  it.each([
    "repo:acme/fleet:pull_request",
    "repo:acme/fleet:ref:refs/heads/main",
    "repo:acme/*:environment:production",
    "acme/fleet",
  ])("lets %s not act as any identity", (subject) => {
    for (const key of ["rolloutSubject", "identitiesSubject", "previewSubject"])
      expect(pathsOf({ [key]: subject })).toEqual([`wavegate:${key}`]);
  });

  it("finds what keys contradict each other in even while others are wrong", () => {
    expect(pathsOf({ hubTier: "B1", protect: false, devices: [device, device] }).sort()).toEqual([
      "wavegate:devices[1].deviceId",
      "wavegate:hubTier",
      "wavegate:protect",
    ]);
    expect(pathsOf({ devices: [device, device, { ...device, deviceId: "a b" }] }).sort()).toEqual([
      "wavegate:devices[1].deviceId",
      "wavegate:devices[2].deviceId",
    ]);
  });

  it("knows every key that Pulumi.yaml declares, with the same default, and declares all it can", async () => {
    const declared = (await readProject()).config;
    const defaults: Record<string, unknown> = { ...parse({}).configuration };
    for (const [key, { default: value }] of Object.entries(declared))
      expect([key, value === "" ? undefined : value]).toEqual([key, defaults[key]]);
    // Objects and lists of objects have no type in a project file.
    expect(Object.keys(configurationSchema.shape).filter((key) => !(key in declared))).toEqual([
      "operator",
      "devices",
      "deviceSets",
      "enrollmentGroups",
    ]);
    expect(Object.keys(HINTS).sort()).toEqual(Object.keys(configurationSchema.shape).sort());
  });

  it("wants a device with a key only where the hub takes keys", () => {
    const devices = [{ ...device, authentication: { type: "sas" } }];
    expect(pathsOf({ devices })).toEqual(["wavegate:devices[0].authentication"]);
    expect(pathsOf({ devices, allowDeviceKeys: true })).toEqual([]);
  });

  it("takes no key of a device at all", () => {
    const authentication = { type: "sas", symmetricKey: { primaryKey: "c2VjcmV0c2VjcmV0" } };
    expect(pathsOf({ allowDeviceKeys: true, devices: [{ ...device, authentication }] })).toEqual([
      "wavegate:devices[0].authentication.symmetricKey",
    ]);
  });

  it("names a device once, and at most 200 of them", () => {
    expect(pathsOf({ devices: [device, device] })).toEqual(["wavegate:devices[1].deviceId"]);
    const many = Array.from({ length: 201 }, (_, index) => ({ ...device, deviceId: `d${index}` }));
    expect(pathsOf({ devices: many })).toEqual(["wavegate:devices"]);
    expect(pathsOf({ devices: many.slice(1) })).toEqual([]);
  });
});

describe("the sets of devices in a stack's configuration", () => {
  const folder = mkdtempSync(join(tmpdir(), "wavegate-sets-"));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const set = { name: "lot-7", product: "thermostat", stratum: "rev-a" };
  const sets = (...deviceSets: unknown[]): ReturnType<typeof parse> => parse({ deviceSets });

  it("have their devices in place, or in a file of their own", () => {
    const file = join(folder, "lot-7.json");
    writeFileSync(file, JSON.stringify(["lot7-1", { deviceId: "lot7-2", ring: "canary" }]));
    const devices = [{ deviceId: "lot7-1" }, { deviceId: "lot7-2", ring: "canary" }];
    expect(sets({ ...set, file }).configuration?.deviceSets).toMatchObject([{ name: "lot-7", devices }]);
    expect(sets({ ...set, devices }).configuration?.deviceSets).toMatchObject([{ name: "lot-7", devices }]);
  });

  it("are refused with every problem, across sets and single devices", () => {
    const device = { deviceId: "a", product: "thermostat", stratum: "rev-a" };
    const { problems } = parse({
      devices: [device],
      deviceSets: [
        { ...set, devices: ["a", "b"] },
        { ...set, devices: ["b"], authentication: { type: "sas" } },
      ],
    });
    expect(problems.map(({ path, summary }) => `${path}: ${summary}`)).toEqual([
      "wavegate:deviceSets[0].devices[0].deviceId: a occurs twice, first in devices[0].deviceId: remove one",
      "wavegate:deviceSets[1].name: lot-7 occurs twice: name it otherwise",
      "wavegate:deviceSets[1].devices[0].deviceId: b occurs twice, first in deviceSets[0].devices[1].deviceId: remove one",
      expect.stringContaining(
        "wavegate:deviceSets[1].authentication: a device with a symmetric key",
      ) as unknown,
    ]);
  });

  it("name a file that is not there, and what to correct", () => {
    const [problem] = sets({ ...set, file: "no-such-file.json" }).problems;
    expect(problem?.path).toBe("wavegate:deviceSets[0].file");
    expect(problem?.summary).toContain("correct the path");
  });
});
