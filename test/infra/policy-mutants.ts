import type { Mutant } from "./mocked-program.ts";

/** A change of the program that one policy must catch. */
export interface PolicyMutant extends Mutant {
  readonly policy: string;
  readonly what: string;
}

const HUB = "infra/components/iot-hub.ts";
const STORE = "infra/components/blob-store.ts";
const ROLE = "infra/components/hub-role.ts";
const ACTIONS = "infra/components/hub-data-actions.ts";
const FEDERATION = "infra/components/workload-identity.ts";
const CONTROLLER = "infra/components/controller.ts";

/** One or more for every policy of the pack. */
export const POLICY_MUTANTS: readonly PolicyMutant[] = [
  mutant("hub-entra-only", "leaves the hub's keys on", HUB, [
    "disableLocalAuth: !allowServiceKeys",
    "disableLocalAuth: allowServiceKeys",
  ]),
  mutant("hub-entra-only", "says nothing of the hub's keys", HUB, [
    "disableLocalAuth: !allowServiceKeys,",
    "",
  ]),
  mutant("hub-no-device-keys", "lets devices use keys", HUB, [
    "disableDeviceSAS: !allowDeviceKeys",
    "disableDeviceSAS: allowDeviceKeys",
  ]),
  mutant("hub-no-device-keys", "lets modules use keys", HUB, [
    "disableModuleSAS: true",
    "disableModuleSAS: false",
  ]),
  mutant("hub-no-policies-in-code", "lists a shared access policy", HUB, [
    'minTlsVersion: "1.2",',
    'minTlsVersion: "1.2", authorizationPolicies: [{ keyName: "x", rights: "ServiceConnect" }],',
  ]),
  mutant("hub-tls", "says nothing of TLS", HUB, ['minTlsVersion: "1.2",', ""]),
  mutant("hub-tier", "makes a hub of the basic tier", HUB, ["sku: { name: tier,", 'sku: { name: "B1",']),
  mutant("provisioning-no-hub-keys", "links a hub by its key", "infra/components/provisioning.ts", [
    "iotHubs: []",
    'iotHubs: [{ connectionString: "HostName=h;SharedAccessKey=k", location: "l" }]',
  ]),
  mutant("storage-no-shared-keys", "leaves account keys on", STORE, ["allowSharedKeyAccess: false,", ""]),
  mutant("storage-no-shared-keys", "makes local users", STORE, [
    "isLocalUserEnabled: false",
    "isLocalUserEnabled: true",
  ]),
  mutant("storage-transport", "takes TLS 1.0", STORE, [
    "MinimumTlsVersion.TLS1_2",
    "MinimumTlsVersion.TLS1_0",
  ]),
  mutant("storage-transport", "takes HTTP", STORE, [
    "enableHttpsTrafficOnly: true",
    "enableHttpsTrafficOnly: false",
  ]),
  mutant("storage-public-only-where-named", "allows public access on every account", STORE, [
    "allowBlobPublicAccess: anonymousRead",
    "allowBlobPublicAccess: true",
  ]),
  mutant("storage-public-only-where-named", "opens every container", STORE, [
    "anonymousRead ? storage.PublicAccess.Blob : storage.PublicAccess.None",
    "storage.PublicAccess.Blob",
  ]),
  mutant("storage-public-only-where-named", "lets anybody list the images", STORE, [
    "storage.PublicAccess.Blob",
    "storage.PublicAccess.Container",
  ]),
  mutant("storage-recoverable", "keeps no versions", STORE, [
    "isVersioningEnabled: true",
    "isVersioningEnabled: false",
  ]),
  mutant("storage-recoverable", "keeps deleted blobs for a day", STORE, [
    "deleteRetentionPolicy: { enabled: true, days: retentionDays },\n        containerDelete",
    "deleteRetentionPolicy: { enabled: true, days: 1 },\n        containerDelete",
  ]),
  mutant("storage-no-blobs-in-code", "uploads an image by the provider", STORE, [
    "    this.#name = name;\n",
    '    this.#name = name;\n    new storage.Blob("image", { ...inAccount, containerName: blobs.name }, { parent: this });\n',
  ]),
  mutant("roles-name-their-actions", "gives every action on devices", ACTIONS, [
    "updateDevices: [`${DEVICES}/write`, `${DEVICES}/delete`]",
    "updateDevices: [`${DEVICES}/*`]",
  ]),
  mutant("roles-name-their-actions", "gives every action on enrollment groups", ACTIONS, [
    "get: [`${GROUPS}/read`]",
    "get: [`${GROUPS}/*`]",
  ]),
  mutant("roles-name-their-actions", "lets a role change the hub itself", ROLE, [
    "actions: [], notActions",
    'actions: ["Microsoft.Devices/IotHubs/write"], notActions',
  ]),
  mutant("roles-are-narrow", "gives a role on the whole group", ROLE, [
    "scope: this.#hub.id",
    'scope: "/subscriptions/1/resourceGroups/group"',
  ]),
  mutant("roles-are-narrow", "makes its principals owners of all blobs", "infra/components/principal.ts", [
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
  ]),
  mutant("federation-by-environment", "trusts every branch", FEDERATION, [
    "          subject,\n",
    '          subject: "repo:acme/fleet:*",\n',
  ]),
  mutant("federation-by-environment", "trusts another issuer", FEDERATION, [
    "https://token.actions.githubusercontent.com",
    "https://issuer.example.com",
  ]),
  mutant("logs-entra-only", "leaves the workspace's key on", "infra/components/diagnostics.ts", [
    "features: { disableLocalAuth: true }",
    "features: {}",
  ]),
  mutant("controller-pinned-and-keyless", "runs whatever the tag points at", CONTROLLER, [
    "              image,\n",
    '              image: "acme.azurecr.io/wavegate:latest",\n',
  ]),
  mutant("controller-pinned-and-keyless", "gives the controller a secret", CONTROLLER, [
    "replicaRetryLimit: 0,",
    'replicaRetryLimit: 0, secrets: [{ name: "key", value: "k" }],',
  ]),
  mutant("protect-what-loss-hurts", "protects no hub", HUB, [
    "{ parent: this, protect, dependsOn: frozen",
    "{ parent: this, dependsOn: frozen",
  ]),
  mutant("protect-what-loss-hurts", "protects no storage", STORE, [
    "const kept = { parent: this, protect }",
    "const kept = { parent: this }",
  ]),
];

function mutant(
  policy: string,
  what: string,
  file: string,
  [find, replace]: readonly [string, string],
): PolicyMutant {
  return { policy, what, file, find, replace };
}
