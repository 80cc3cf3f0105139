import * as resources from "@pulumi/azure-native/resources/index.js";
import * as pulumi from "@pulumi/pulumi";
import { BlobStore } from "./components/blob-store.ts";
import { IotHub } from "./components/iot-hub.ts";
import { grantOperator } from "./components/operator.ts";
import { RolloutIdentity } from "./components/rollout-identity.ts";
import { DeviceIdentity } from "./devices/device-identity.ts";
import { DeviceSet } from "./devices/device-set.ts";
import { describeProblems, parseStackConfiguration } from "./stack-configuration.ts";

const { configuration, problems } = parseStackConfiguration(pulumi.runtime.allConfig(), pulumi.getProject());
// Shown without a stack trace: it is the configuration that is wrong.
if (configuration === undefined) throw new pulumi.RunError(describeProblems(problems));

const { hubTier, hubUnits, firmwareAccess, storageRedundancy, retentionDays, protect, allowDeviceKeys } =
  configuration;
const { operator, githubSubject, devices, deviceSets } = configuration;

const group = new resources.ResourceGroup("wavegate", {}, { protect });
const resourceGroupName = group.name;

const hub = new IotHub("hub", {
  resourceGroupName,
  tier: hubTier,
  units: hubUnits,
  allowDeviceKeys,
  protect,
});

const store = { resourceGroupName, redundancy: storageRedundancy, retentionDays, protect };
const anonymousRead = firmwareAccess === "public";
// Images are named by their digest and never overwritten: they need no versions.
const firmware = new BlobStore("firmware", {
  ...store,
  container: "firmware",
  anonymousRead,
  versioned: false,
});
const records = new BlobStore("records", {
  ...store,
  container: "records",
  anonymousRead: false,
  versioned: true,
});

const rollout = new RolloutIdentity("rollout", {
  resourceGroupName,
  resourceGroupId: group.id,
  hub,
  firmware,
  records,
  ...(githubSubject === undefined ? {} : { githubSubject }),
});

const granted = grantOperator("operator", { resourceGroupId: group.id, hub, firmware, operator });
const identities = devices.map(
  (device) =>
    new DeviceIdentity(device.deviceId, { hostName: hub.hostName, ...device }, { dependsOn: [...granted] }),
);
for (const { name, ...set } of deviceSets) {
  const size = { tier: hubTier, units: hubUnits };
  new DeviceSet(name, { hostName: hub.hostName, ...size, ...set }, { dependsOn: [...granted] });
}

/** Name the rollout's settings call `hub.hostName`. */
export const hubHostName = hub.hostName;
/** Address the rollout's settings call `images.base`; devices download from it. */
export const firmwareBase = firmware.url;
/** Address of the container for the records of rollouts. */
export const recordsUrl = records.url;
/** Client id of the identity that a controller runs as. */
export const rolloutClientId = rollout.clientId;
/** The declared devices and the bucket each of them falls into. */
export const deviceBuckets = pulumi
  .all(identities.map(({ deviceId, bucket }) => pulumi.all([deviceId, bucket])))
  .apply((pairs) => Object.fromEntries(pairs));
