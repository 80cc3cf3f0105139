import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { loadSettings } from "../../rollout/cli/settings/load-settings.ts";
import type { ProgramRun } from "./mocked-program.ts";
import { runProgram, theResource } from "./program-run.ts";

const HUB = "azure-native:iothub:IotHubResource";
const ACCOUNT = "azure-native:storage:StorageAccount";
const CONTAINER = "azure-native:storage:BlobContainer";
const SERVICES = "azure-native:storage:BlobServiceProperties";
const ROLE = "azure-native:authorization:RoleDefinition";
const ASSIGNMENT = "azure-native:authorization:RoleAssignment";
const FEDERATION = "azure-native:managedidentity:FederatedIdentityCredential";
const FROZEN = "pulumi-nodejs:dynamic/wavegate:FrozenSettings";
const IMMUTABLE = "azure-native:storage:BlobContainerImmutabilityPolicy";
const ALERT = "azure-native:monitor:MetricAlert";
const LOG_ALERT = "azure-native:monitor:ScheduledQueryRule";
const JOB = "azure-native:app:Job";
const DEVICE = "pulumi-nodejs:dynamic/wavegate:DeviceIdentity";
const GROUP = "pulumi-nodejs:dynamic/wavegate:EnrollmentGroup";
const READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";

let plain: ProgramRun;
let strict: ProgramRun;

beforeAll(async () => {
  plain = await runProgram({});
  strict = await runProgram({
    "wavegate:hubTier": "S3",
    "wavegate:hubUnits": "2",
    "wavegate:firmwareAccess": "on-demand",
    "wavegate:hubPartitions": "8",
    "wavegate:firmwareImmutableDays": "365",
    "wavegate:alertEmails": '["oncall@example.com"]',
    "wavegate:provisioning": "true",
    "wavegate:enrollmentGroups": JSON.stringify([
      {
        enrollmentGroupId: "thermostats",
        attestation: { type: "caReferences", primary: "factory-ca" },
        product: "thermostat",
        stratum: "rev-a",
      },
    ]),
    "wavegate:controllerImage": `acme.azurecr.io/wavegate@sha256:${"0".repeat(64)}`,
    "wavegate:rolloutSubject": "repo:acme/fleet:environment:production",
    "wavegate:identitiesSubject": "repo:acme/fleet:environment:production-devices",
    "wavegate:previewSubject": "repo:acme/fleet:environment:production-preview",
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
        eventHubEndpoints: { events: { retentionTimeInDays: 1, partitionCount: 4 } },
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

  it("keeps versions of both, and deleted blobs for 30 days", () => {
    for (const name of ["firmware", "records"]) {
      expect(theResource(plain, SERVICES, name).inputs).toMatchObject({
        isVersioningEnabled: true,
        deleteRetentionPolicy: { enabled: true, days: 30 },
        containerDeleteRetentionPolicy: { enabled: true, days: 30 },
      });
    }
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
        `${FROZEN} hub`,
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
          "Microsoft.Devices/IotHubs/configurations/delete",
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

  it("lets the rollout read images and write records, previews read both, each in its container", () => {
    expect(storageGrants(plain)).toEqual([
      ["object-of-whoever-runs-pulumi", CONTRIBUTOR, "BlobContainer/firmware"],
      ["principal-of-preview", READER, "BlobContainer/firmware"],
      ["principal-of-preview", READER, "BlobContainer/records"],
      ["principal-of-rollout", READER, "BlobContainer/firmware"],
      ["principal-of-rollout", CONTRIBUTOR, "BlobContainer/records"],
    ]);
  });

  it("lets the rollout sign keys to images where nobody reads them without one, and there alone", () => {
    const { inputs } = theResource(strict, ASSIGNMENT, "firmware-rollout-delegator");
    expect(inputs).toMatchObject({
      principalId: "principal-of-rollout",
      scope: expect.stringMatching(/StorageAccount\/firmware$/) as unknown,
      roleDefinitionId: expect.stringContaining("db58b8e5-c6ad-4a2a-8342-4190687cbf4a") as unknown,
    });
    const delegators = (run: ProgramRun): number =>
      run.resources.filter(({ name }) => name.endsWith("-delegator")).length;
    expect([delegators(strict), delegators(plain)]).toEqual([1, 0]);
  });

  it("assigns every role on one hub or one container, never on a group or an account", () => {
    const scopes = plain.resources
      .filter(({ type }) => type === ASSIGNMENT)
      .map(({ inputs }) => String(inputs["scope"]));
    expect(scopes).toHaveLength(9);
    expect(plain.resources.filter(({ type }) => type === ROLE)).toHaveLength(3);
    expect(readFileSync("docs/azure.md", "utf8")).toContain("Three custom roles, nine role assignments;");
    for (const scope of scopes)
      expect(scope).toMatch(/(IotHubResource\/hub|BlobContainer\/(firmware|records))$/);
  });

  it("gives whoever runs it and the identities the devices, and no configuration to change", () => {
    expect(dataActionsOfRole(plain, "devices")).toEqual([
      // Enrolling looks for open waves, and runs import jobs.
      "Microsoft.Devices/IotHubs/configurations/read",
      "Microsoft.Devices/IotHubs/devices/delete",
      "Microsoft.Devices/IotHubs/devices/read",
      "Microsoft.Devices/IotHubs/devices/write",
      "Microsoft.Devices/IotHubs/jobs/read",
      "Microsoft.Devices/IotHubs/jobs/write",
      "Microsoft.Devices/IotHubs/twins/read",
      "Microsoft.Devices/IotHubs/twins/write",
    ]);
    const role = expect.stringMatching(/guid-of-devices$/) as unknown;
    expect(theResource(plain, ASSIGNMENT, "operator").inputs).toMatchObject({
      principalId: "object-of-whoever-runs-pulumi",
      principalType: "User",
      roleDefinitionId: role,
    });
    expect(theResource(plain, ASSIGNMENT, "identities").inputs).toMatchObject({
      principalId: "principal-of-identities",
      roleDefinitionId: role,
    });
  });

  it("lets previews read what a plan needs, and write nothing", () => {
    expect(dataActionsOfRole(plain, "preview")).toEqual([
      "Microsoft.Devices/IotHubs/configurations/read",
      "Microsoft.Devices/IotHubs/twins/read",
    ]);
  });

  it("logs who changed what, and warns of throttling and of a quota that is 70% used", () => {
    for (const name of ["hub", "firmware", "records"])
      expect(
        theResource(plain, "azure-native:monitor:DiagnosticSetting", name).inputs["workspaceId"],
      ).toMatch(/Workspace\/logs$/);
    const thresholdOf = (name: string): unknown => {
      const criteria = theResource(plain, ALERT, name).inputs["criteria"] as { allOf: unknown[] };
      return criteria.allOf[0];
    };
    expect(thresholdOf("quota")).toMatchObject({ metricName: "dailyMessageQuotaUsed", threshold: 280_000 });
    expect(thresholdOf("throttling")).toMatchObject({ threshold: 0 });
    expect(plain.resources.filter(({ type }) => type === LOG_ALERT)).toEqual([]);
  });

  it("declares no device and lets no pipeline in", () => {
    expect(plain.resources.filter(({ type }) => type === DEVICE || type === FEDERATION)).toEqual([]);
  });

  it("puts out what the rollout's settings name, and no secret", () => {
    expect(plain.outputs).toEqual({
      outputsVersion: 1,
      hubName: "test",
      hubHostName: "hub-of-azure.azure-devices.net",
      tier: "S1",
      units: 1,
      firmwareBase: "https://firmwareaccount.blob.core.windows.net/firmware",
      recordsUrl: "https://recordsaccount.blob.core.windows.net/records",
      rolloutClientId: "client-of-rollout",
      identitiesClientId: "client-of-identities",
      previewClientId: "client-of-preview",
      tenantId: "22222222-2222-2222-2222-222222222222",
      subscriptionId: "11111111-1111-1111-1111-111111111111",
      provisioningHostName: "",
      provisioningIdScope: "",
      deviceBuckets: {},
    });
  });
});

describe("the program of a stack that sets all it can", () => {
  it("makes the hub it asks for", () => {
    const { sku, properties } = theResource(strict, HUB, "hub").inputs;
    expect(sku).toEqual({ name: "S3", capacity: 2 });
    expect(properties).toMatchObject({ eventHubEndpoints: { events: { partitionCount: 8 } } });
  });

  it("closes the firmware to everybody without a token", () => {
    expect(theResource(strict, ACCOUNT, "firmware").inputs["allowBlobPublicAccess"]).toBe(false);
    expect(theResource(strict, CONTAINER, "firmware").inputs["publicAccess"]).toBe("None");
  });

  it("keeps images for as long as it says, and asks the hub about nothing it decided once", () => {
    expect(theResource(strict, IMMUTABLE, "firmware").inputs).toMatchObject({
      containerName: "firmware",
      immutabilityPeriodSinceCreationInDays: 365,
    });
    expect(theResource(strict, HUB, "hub").dependsOn).toContain(`wavegate:infra:IotHub$${FROZEN}::hub`);
  });

  it("lets one environment of one repository act as each identity", () => {
    const federations = { rollout: "", identities: "-devices", preview: "-preview" };
    for (const [name, suffix] of Object.entries(federations)) {
      expect(theResource(strict, FEDERATION, name).inputs).toMatchObject({
        issuer: "https://token.actions.githubusercontent.com",
        subject: `repo:acme/fleet:environment:production${suffix}`,
        audiences: ["api://AzureADTokenExchange"],
      });
    }
  });

  it("looks every five minutes as the rollout, with an image by digest and settings that are no secret", () => {
    const { identity, configuration, template } = theResource(strict, JOB, "controller").inputs;
    expect(identity).toMatchObject({
      type: "UserAssigned",
      userAssignedIdentities: [expect.stringMatching(/UserAssignedIdentity\/rollout$/)],
    });
    expect(configuration).toMatchObject({
      triggerType: "Schedule",
      replicaRetryLimit: 0,
      scheduleTriggerConfig: { cronExpression: "*/5 * * * *", parallelism: 1 },
      registries: [{ server: "acme.azurecr.io" }],
    });
    expect(template).toMatchObject({
      containers: [
        {
          args: ["reconcile", "--json"],
          env: [
            { name: "WAVEGATE_HUB_NAME", value: "test" },
            { name: "WAVEGATE_HUB_HOST_NAME", value: "hub-of-azure.azure-devices.net" },
            { name: "WAVEGATE_HUB_TIER", value: "S3" },
            { name: "WAVEGATE_HUB_UNITS", value: "2" },
            { name: "WAVEGATE_IMAGES_BASE", value: "https://firmwareaccount.blob.core.windows.net/firmware" },
            {
              name: "WAVEGATE_RECORDS_CONTAINER",
              value: "https://recordsaccount.blob.core.windows.net/records",
            },
            { name: "WAVEGATE_CREDENTIAL", value: "managed-identity" },
            { name: "WAVEGATE_CLIENT_ID", value: "client-of-rollout" },
          ],
        },
      ],
    });
  });

  it("gives the controller settings with which it keeps its records where the next look finds them", async () => {
    const { template } = theResource(strict, JOB, "controller").inputs as {
      template: { containers: { env: { name: string; value: string }[] }[] };
    };
    const variables = template.containers[0]?.env.map(({ name, value }): [string, string] => [name, value]);
    const environment = Object.fromEntries(variables ?? []);
    const folder = import.meta.dirname;
    const settings = await loadSettings({ flag: undefined, stackOutputs: undefined, environment, folder });
    const credential = { kind: "managed-identity", clientId: "client-of-rollout" };
    expect(settings).toMatchObject({
      hub: { name: "test", credential },
      images: { credential },
      records: { container: strict.outputs["recordsUrl"], credential },
    });
  });

  it("tells people of failed devices and of a controller that no longer looks", () => {
    expect(theResource(strict, "azure-native:monitor:ActionGroup", "alerts").inputs).toMatchObject({
      emailReceivers: [{ emailAddress: "oncall@example.com" }],
    });
    const ruleOf = (name: string): unknown => {
      const criteria = theResource(strict, LOG_ALERT, name).inputs["criteria"] as { allOf: unknown[] };
      return criteria.allOf[0];
    };
    expect(ruleOf("failed-devices")).toMatchObject({
      query: expect.stringContaining("exit in (3, 4)") as unknown,
      operator: "GreaterThan",
      threshold: 0,
    });
    expect(ruleOf("dead-controller")).toMatchObject({ operator: "LessThanOrEqual", threshold: 0 });
  });

  it("makes a provisioning service that holds no hub's key, and says where it is", () => {
    expect(
      theResource(strict, "azure-native:deviceprovisioningservices:IotDpsResource", "provisioning"),
    ).toMatchObject({ protect: true, inputs: { properties: { iotHubs: [] } } });
    expect(strict.outputs).toMatchObject({
      provisioningHostName: "provisioning-of-azure.azure-devices-provisioning.net",
      provisioningIdScope: "0ne00000000",
    });
  });

  it("makes the enrollment groups there, without a bucket, after its operator may", () => {
    const made = theResource(strict, GROUP, "thermostats");
    const { __provider: text, ...inputs } = made.inputs;
    expect(inputs).toEqual({
      dpsHostName: "provisioning-of-azure.azure-devices-provisioning.net",
      enrollmentGroupId: "thermostats",
      attestation: { type: "caReferences", primary: "factory-ca" },
      product: "thermostat",
      stratum: "rev-a",
      allocationPolicy: "hashed",
      provisioningStatus: "enabled",
      reprovision: "keepData",
    });
    expect(String(text)).toContain('import("wavegate/enrollment-group-provider")');
    expect(made.dependsOn).toContain(`wavegate:infra:HubRole$${ASSIGNMENT}::enrollment-operator`);
    expect(dataActionsOfRole(strict, "enrollment")).toEqual([
      "Microsoft.Devices/provisioningServices/enrollmentGroups/delete",
      "Microsoft.Devices/provisioningServices/enrollmentGroups/read",
      "Microsoft.Devices/provisioningServices/enrollmentGroups/write",
    ]);
    expect(theResource(strict, ASSIGNMENT, "enrollment-operator").inputs).toMatchObject({
      principalId: "0f8fad5b-d9cb-469f-a165-70867728950e",
      scope: expect.stringMatching(/IotDpsResource\/provisioning$/) as unknown,
    });
  });

  it("gives the operator's roles to the group it names", () => {
    const group = { principalId: "0f8fad5b-d9cb-469f-a165-70867728950e", principalType: "Group" };
    expect(theResource(strict, ASSIGNMENT, "operator").inputs).toMatchObject(group);
    expect(theResource(strict, ASSIGNMENT, "firmware-operator").inputs).toMatchObject(group);
  });
});

function dataActionsOfRole(run: ProgramRun, name: string): unknown {
  const [permission] = theResource(run, ROLE, name).inputs["permissions"] as { dataActions: unknown }[];
  return permission!.dataActions;
}

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
