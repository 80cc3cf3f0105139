import * as authorization from "@pulumi/azure-native/authorization/index.js";
import * as resources from "@pulumi/azure-native/resources/index.js";
import * as pulumi from "@pulumi/pulumi";
import { Access } from "./components/access.ts";
import { Alerts } from "./components/alerts.ts";
import { BlobStore } from "./components/blob-store.ts";
import { CONSOLE_TABLE, Controller } from "./components/controller.ts";
import { Diagnostics } from "./components/diagnostics.ts";
import { IotHub } from "./components/iot-hub.ts";
import type { Principal } from "./components/principal.ts";
import { Provisioning } from "./components/provisioning.ts";
import { WorkloadIdentity } from "./components/workload-identity.ts";
import { DeviceIdentity } from "./devices/device-identity.ts";
import { DeviceSet } from "./devices/device-set.ts";
import { EnrollmentGroup } from "./devices/enrollment-group.ts";
import { hubNameOf } from "./hub-name.ts";
import { describeProblems, parseStackConfiguration } from "./stack-configuration.ts";

const { configuration, problems } = parseStackConfiguration(pulumi.runtime.allConfig(), pulumi.getProject());
// Shown without a stack trace: it is the configuration that is wrong.
if (configuration === undefined) throw new pulumi.RunError(describeProblems(problems));

const { hubTier, hubUnits, hubPartitions, allowServiceKeys, allowDeviceKeys, protect } = configuration;
const { firmwareAccess, firmwareImmutableDays, storageRedundancy, retentionDays } = configuration;
const { diagnostics: isLogged, logRetentionDays, alertEmails } = configuration;
const { provisioning: isProvisioned, controllerImage, controllerSchedule } = configuration;
const { operator, rolloutSubject, identitiesSubject, previewSubject } = configuration;
const { devices, deviceSets, enrollmentGroups } = configuration;

const group = new resources.ResourceGroup("wavegate", {}, { protect });
const resourceGroupName = group.name;

const hub = new IotHub("hub", {
  resourceGroupName,
  tier: hubTier,
  units: hubUnits,
  partitions: hubPartitions,
  allowServiceKeys,
  allowDeviceKeys,
  protect,
});

const store = { resourceGroupName, redundancy: storageRedundancy, retentionDays, protect };
const firmware = new BlobStore("firmware", {
  ...store,
  container: "firmware",
  anonymousRead: firmwareAccess === "public",
  immutableDays: firmwareImmutableDays,
});
const records = new BlobStore("records", {
  ...store,
  container: "records",
  anonymousRead: false,
  immutableDays: 0,
});

const rollout = new WorkloadIdentity("rollout", { resourceGroupName, subject: rolloutSubject });
const identities = new WorkloadIdentity("identities", { resourceGroupName, subject: identitiesSubject });
const preview = new WorkloadIdentity("preview", { resourceGroupName, subject: previewSubject });

const client = authorization.getClientConfigOutput();
const operatorPrincipal: Principal =
  operator === undefined
    ? // A pipeline must be named, since only it knows that it is none.
      { principalId: client.objectId, principalType: "User" }
    : { principalId: operator.objectId, principalType: operator.type };
const access = new Access("access", {
  resourceGroupId: group.id,
  hub,
  firmware,
  records,
  onDemand: firmwareAccess === "on-demand",
  rollout,
  identities,
  preview,
  operator: operatorPrincipal,
});

const diagnostics = isLogged
  ? new Diagnostics("logs", {
      resourceGroupName,
      hub,
      stores: { firmware, records },
      retentionDays: logRetentionDays,
    })
  : undefined;

if (controllerImage !== undefined) {
  new Controller("controller", {
    resourceGroupName,
    image: controllerImage,
    schedule: controllerSchedule,
    identity: rollout,
    diagnostics,
    environment: {
      WAVEGATE_HUB_NAME: hubNameOf(pulumi.getStack()),
      WAVEGATE_HUB_HOST_NAME: hub.hostName,
      WAVEGATE_HUB_TIER: hubTier,
      WAVEGATE_HUB_UNITS: String(hubUnits),
      WAVEGATE_IMAGES_BASE: firmware.url,
      WAVEGATE_RECORDS_CONTAINER: records.url,
      WAVEGATE_CREDENTIAL: "managed-identity",
      WAVEGATE_CLIENT_ID: rollout.clientId,
    },
  });
}

if (diagnostics !== undefined) {
  new Alerts("alerts", {
    resourceGroupName,
    hub,
    tier: hubTier,
    units: hubUnits,
    emails: alertEmails,
    controllerLog:
      controllerImage === undefined
        ? undefined
        : { workspaceId: diagnostics.workspaceId, table: CONSOLE_TABLE },
  });
}

const service = isProvisioned
  ? new Provisioning("provisioning", {
      resourceGroupName,
      resourceGroupId: group.id,
      protect,
      enroller: enrollmentGroups.length === 0 ? undefined : operatorPrincipal,
    })
  : undefined;

const registered = devices.map(
  (device) =>
    new DeviceIdentity(
      device.deviceId,
      { hostName: hub.hostName, ...device },
      { dependsOn: [...access.forDevices] },
    ),
);
for (const { name, ...set } of deviceSets) {
  const size = { tier: hubTier, units: hubUnits };
  new DeviceSet(name, { hostName: hub.hostName, ...size, ...set }, { dependsOn: [...access.forDevices] });
}

if (service !== undefined) {
  const { hostName: dpsHostName, forGroups } = service;
  for (const enrollment of enrollmentGroups) {
    const name = enrollment.enrollmentGroupId;
    new EnrollmentGroup(name, { dpsHostName, ...enrollment }, { dependsOn: [...forGroups] });
  }
}

/** Version of these outputs: `wavegate --stack-outputs` refuses one it does not know. */
export const outputsVersion = pulumi.output(1);
/** Name that marks and records are kept under. */
export const hubName = pulumi.output(hubNameOf(pulumi.getStack()));
/** Where the hub is reached. */
export const hubHostName = hub.hostName;
/** Tier of the hub, which the rollout paces itself by. */
export const tier = pulumi.output(hubTier);
/** Units of the hub, likewise. */
export const units = pulumi.output(hubUnits);
/** Address of the images; devices download from it. */
export const firmwareBase = firmware.url;
/** Address of the container for the records of rollouts. */
export const recordsUrl = records.url;
/** Client id of the identity that a controller runs as. */
export const rolloutClientId = rollout.clientId;
/** Client id of the identity that registers devices. */
export const identitiesClientId = identities.clientId;
/** Client id of the identity that may only look. */
export const previewClientId = preview.clientId;
/** Directory that `azure/login` signs in to. */
export const tenantId = client.tenantId;
/** Subscription that the stack is in. */
export const subscriptionId = client.subscriptionId;
/** Where enrollments are kept; empty without provisioning. */
export const provisioningHostName = service?.hostName ?? pulumi.output("");
/** What devices that register themselves name as their scope; empty without provisioning. */
export const provisioningIdScope = service?.idScope ?? pulumi.output("");
/** The declared devices and the bucket each of them falls into. */
export const deviceBuckets = pulumi
  .all(registered.map(({ deviceId, bucket }) => pulumi.all([deviceId, bucket])))
  .apply((pairs) => Object.fromEntries(pairs));
