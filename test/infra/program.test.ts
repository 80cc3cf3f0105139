import { beforeAll, describe, expect, it } from "vitest";
import type { ProgramRun } from "./mocked-program.ts";
import { runProgram, theResource } from "./program-run.ts";
import { readProject, readStack } from "./stack-file.ts";

const HUB = "azure-native:iothub:IotHubResource";
const ACCOUNT = "azure-native:storage:StorageAccount";
const CONTAINER = "azure-native:storage:BlobContainer";
const SERVICES = "azure-native:storage:BlobServiceProperties";
const ROLE = "azure-native:authorization:RoleDefinition";
const ASSIGNMENT = "azure-native:authorization:RoleAssignment";
const FEDERATION = "azure-native:managedidentity:FederatedIdentityCredential";
const DEVICE = "pulumi-nodejs:dynamic/wavegate:DeviceIdentity";
const READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";

let plain: ProgramRun;
let dev: ProgramRun;
let strict: ProgramRun;

beforeAll(async () => {
  plain = await runProgram({});
  dev = await runProgram(await readStack("dev"));
  strict = await runProgram({
    "wavegate:hubTier": "S3",
    "wavegate:hubUnits": "2",
    "wavegate:firmwareAccess": "on-demand",
    "wavegate:githubSubject": "repo:acme/fleet:environment:production",
    "wavegate:operator": '{"objectId":"0f8fad5b-d9cb-469f-a165-70867728950e","type":"Group"}',
  });
});

describe("the program of a stack that sets nothing", () => {
  it("makes a hub of one S1 unit, with TLS 1.2, Microsoft Entra on the service side and certificates on the device side", () => {
    expect(theResource(plain, HUB, "hub").inputs).toMatchObject({
      sku: { name: "S1", capacity: 1 },
      properties: {
        minTlsVersion: "1.2",
        disableLocalAuth: true,
        disableDeviceSAS: true,
        disableModuleSAS: true,
      },
    });
    expect(theResource(plain, HUB, "hub").inputs["properties"]).not.toHaveProperty("authorizationPolicies");
  });

  it("makes two storage accounts that take no shared key, over TLS 1.2 alone", () => {
    expect(plain.resources.filter(({ type }) => type === ACCOUNT).map(({ name }) => name)).toEqual([
      "firmware",
      "records",
    ]);
    for (const name of ["firmware", "records"]) {
      expect(theResource(plain, ACCOUNT, name).inputs).toMatchObject({
        allowSharedKeyAccess: false,
        minimumTlsVersion: "TLS1_2",
        enableHttpsTrafficOnly: true,
        isLocalUserEnabled: false,
        allowCrossTenantReplication: false,
      });
    }
  });

  it("lets anybody read a firmware blob by name, and nothing else", () => {
    expect(theResource(plain, ACCOUNT, "firmware").inputs["allowBlobPublicAccess"]).toBe(true);
    expect(theResource(plain, CONTAINER, "firmware").inputs).toMatchObject({
      containerName: "firmware",
      publicAccess: "Blob",
    });
    expect(theResource(plain, ACCOUNT, "records").inputs["allowBlobPublicAccess"]).toBe(false);
    expect(theResource(plain, CONTAINER, "records").inputs).toMatchObject({
      containerName: "records",
      publicAccess: "None",
    });
  });

  it("keeps versions of records, and deleted blobs of both for 30 days", () => {
    expect(theResource(plain, SERVICES, "records").inputs).toMatchObject({
      isVersioningEnabled: true,
      deleteRetentionPolicy: { enabled: true, days: 30 },
      containerDeleteRetentionPolicy: { enabled: true, days: 30 },
    });
    expect(theResource(plain, SERVICES, "firmware").inputs["deleteRetentionPolicy"]).toEqual({
      enabled: true,
      days: 30,
    });
  });

  it("protects the hub, the group and the storage from deletion", () => {
    const guarded = plain.resources
      .filter(({ protect }) => protect)
      .map(({ type, name }) => `${type} ${name}`);
    expect(guarded.sort()).toEqual(
      [
        "azure-native:resources:ResourceGroup wavegate",
        `${ACCOUNT} firmware`,
        `${ACCOUNT} records`,
        `${CONTAINER} firmware`,
        `${CONTAINER} records`,
        `${HUB} hub`,
      ].sort(),
    );
  });

  it("gives the rollout exactly the hub's data actions its calls need, on the hub alone", () => {
    const { permissions, assignableScopes, roleType } = theResource(plain, ROLE, "rollout").inputs;
    expect(permissions).toEqual([
      {
        actions: [],
        notActions: [],
        dataActions: [
          "Microsoft.Devices/IotHubs/configurations/read",
          "Microsoft.Devices/IotHubs/configurations/write",
          "Microsoft.Devices/IotHubs/twins/read",
        ],
        notDataActions: [],
      },
    ]);
    expect(roleType).toBe("CustomRole");
    expect(assignableScopes).toEqual([expect.stringMatching(/ResourceGroup\/wavegate$/)]);
    expect(theResource(plain, ASSIGNMENT, "rollout").inputs).toMatchObject({
      principalId: "principal-of-rollout",
      principalType: "ServicePrincipal",
      scope: expect.stringMatching(/IotHubResource\/hub$/) as unknown,
      roleDefinitionId: expect.stringMatching(
        /^\/subscriptions\/[0-9-]+\/providers\/Microsoft.Authorization\/roleDefinitions\/guid-of-rollout$/,
      ) as unknown,
    });
  });

  it("lets the rollout read images and write records, each in its container", () => {
    expect(storageGrants(plain)).toEqual([
      ["object-of-whoever-runs-pulumi", CONTRIBUTOR, "BlobContainer/firmware"],
      ["principal-of-rollout", READER, "BlobContainer/firmware"],
      ["principal-of-rollout", CONTRIBUTOR, "BlobContainer/records"],
    ]);
  });

  it("assigns every role on one hub or one container, never on a group or an account", () => {
    const scopes = plain.resources
      .filter(({ type }) => type === ASSIGNMENT)
      .map(({ inputs }) => String(inputs["scope"]));
    expect(scopes).toHaveLength(5);
    for (const scope of scopes)
      expect(scope).toMatch(/(IotHubResource\/hub|BlobContainer\/(firmware|records))$/);
  });

  it("gives whoever runs it the devices, and no configuration", () => {
    const [permission] = theResource(plain, ROLE, "operator").inputs["permissions"] as {
      dataActions: string[];
    }[];
    expect(permission!.dataActions).toEqual([
      "Microsoft.Devices/IotHubs/devices/delete",
      "Microsoft.Devices/IotHubs/devices/read",
      "Microsoft.Devices/IotHubs/devices/write",
      "Microsoft.Devices/IotHubs/twins/read",
      "Microsoft.Devices/IotHubs/twins/write",
    ]);
    expect(theResource(plain, ASSIGNMENT, "operator").inputs).toMatchObject({
      principalId: "object-of-whoever-runs-pulumi",
      principalType: "User",
    });
  });

  it("declares no device and lets no pipeline in", () => {
    expect(plain.resources.filter(({ type }) => type === DEVICE || type === FEDERATION)).toEqual([]);
  });

  it("puts out what the rollout's settings name, and no secret", () => {
    expect(plain.outputs).toEqual({
      hubHostName: "hub-of-azure.azure-devices.net",
      firmwareBase: "https://firmwareaccount.blob.core.windows.net/firmware",
      recordsUrl: "https://recordsaccount.blob.core.windows.net/records",
      rolloutClientId: "client-of-rollout",
      deviceBuckets: {},
    });
  });
});

describe("the program of a stack that sets all it can", () => {
  it("makes the hub it asks for", () => {
    expect(theResource(strict, HUB, "hub").inputs["sku"]).toEqual({ name: "S3", capacity: 2 });
  });

  it("closes the firmware to everybody without a token", () => {
    expect(theResource(strict, ACCOUNT, "firmware").inputs["allowBlobPublicAccess"]).toBe(false);
    expect(theResource(strict, CONTAINER, "firmware").inputs["publicAccess"]).toBe("None");
  });

  it("lets one environment of one repository act as the rollout", () => {
    expect(theResource(strict, FEDERATION, "rollout").inputs).toMatchObject({
      issuer: "https://token.actions.githubusercontent.com",
      subject: "repo:acme/fleet:environment:production",
      audiences: ["api://AzureADTokenExchange"],
    });
  });

  it("gives the operator's roles to the group it names", () => {
    const group = { principalId: "0f8fad5b-d9cb-469f-a165-70867728950e", principalType: "Group" };
    expect(theResource(strict, ASSIGNMENT, "operator").inputs).toMatchObject(group);
    expect(theResource(strict, ASSIGNMENT, "firmware-operator").inputs).toMatchObject(group);
  });
});

describe("the program of the stack dev, from its files", () => {
  it("runs as the project says: TypeScript by Node itself, from infra/index.ts", async () => {
    expect(await readProject()).toMatchObject({
      name: "wavegate",
      main: "infra/index.ts",
      runtime: { name: "nodejs", options: { typescript: false, packagemanager: "npm" } },
    });
  });

  it("works as it is, and can be destroyed", () => {
    expect(dev.error).toBeUndefined();
    expect(dev.resources.filter(({ protect }) => protect)).toEqual([]);
    expect(theResource(dev, ACCOUNT, "records").inputs["sku"]).toEqual({ name: "Standard_LRS" });
  });

  it("registers one device, after its operator may", () => {
    const device = theResource(dev, DEVICE, "thermostat-dev-1");
    expect(device.inputs).toMatchObject({
      hostName: "hub-of-azure.azure-devices.net",
      deviceId: "thermostat-dev-1",
      product: "thermostat",
      stratum: "rev-a",
      ring: "canary",
      authentication: { type: "sas" },
    });
    expect(device.dependsOn).toContain(`wavegate:infra:IotHub$${ASSIGNMENT}::operator`);
    expect(theResource(dev, HUB, "hub").inputs["properties"]).toMatchObject({
      disableLocalAuth: true,
      disableDeviceSAS: false,
    });
    expect(dev.outputs["deviceBuckets"]).toEqual({ "thermostat-dev-1": 7 });
  });

  it("stores less than 2.5 KB of provider code with a device, none of it ours", () => {
    const text = String(theResource(dev, DEVICE, "thermostat-dev-1").inputs["__provider"]);
    expect(text.length).toBeLessThan(2_560);
    expect(text).toContain('import("wavegate/device-provider")');
    expect(text).not.toMatch(/registry|zod|require\(/i);
  });
});

describe("the program of a stack with mistakes", () => {
  it("names them all, with what to type, and makes nothing", async () => {
    const run = await runProgram({ "wavegate:hubTier": "B1", "wavegate:hubUnits": "0" });
    expect(run.resources).toEqual([]);
    expect(run.error).toMatch(/2 problems:/);
    expect(run.error).toContain("wavegate:hubTier");
    expect(run.error).toContain("pulumi config set hubUnits 1");
  });
});

function storageGrants({ resources }: ProgramRun): unknown[] {
  return resources
    .filter(({ type, inputs }) => type === ASSIGNMENT && String(inputs["scope"]).includes("BlobContainer"))
    .map(({ inputs }) => [
      inputs["principalId"],
      String(inputs["roleDefinitionId"]).split("/").at(-1),
      String(inputs["scope"]).split("/").slice(-2).join("/").replace(/^.*:/, ""),
    ])
    .sort((a, b) => JSON.stringify([a[0], a[2]]).localeCompare(JSON.stringify([b[0], b[2]])));
}
