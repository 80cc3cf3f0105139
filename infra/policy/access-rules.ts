import { listAt, valueAt, type Rule } from "./rule.ts";

/** Roles that open more than any part of a rollout needs [Azure built-in roles]. */
const TOO_WIDE = new Map([
  ["8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"],
  ["b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"],
  ["18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"],
  ["f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator"],
  ["4fc6c259-987e-4a07-842e-c321cc9d413f", "IoT Hub Data Contributor"],
  ["dfce44e4-17b7-4bd1-a6d1-04996ec95633", "Device Provisioning Service Data Contributor"],
  ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "Storage Blob Data Owner"],
]);

/** What holds for identities, roles, logs and the controller. */
export const accessRules: readonly Rule[] = [
  {
    name: "roles-name-their-actions",
    description: "A custom role lists its actions one by one and controls nothing but data.",
    types: ["authorization:RoleDefinition"],
    violations: ({ inputs }) =>
      listAt(inputs, "permissions").flatMap((permission) => [
        ...listAt(permission, "dataActions")
          .map(String)
          .filter((action) => action.includes("*"))
          .map((action) => `the data action ${action} has a wildcard; name the ones that calls need`),
        ...listAt(permission, "actions").map((action) => `the action ${String(action)} is no data action`),
      ]),
  },
  {
    name: "roles-are-narrow",
    description:
      "A role is given on one resource, to a principal whose kind is said, and is none of the wide ones.",
    types: ["authorization:RoleAssignment"],
    violations: ({ inputs }) => {
      const scope = String(inputs["scope"]);
      const role = TOO_WIDE.get(String(inputs["roleDefinitionId"]).split("/").at(-1)?.toLowerCase() ?? "");
      return [
        ...(/\/resourceGroups\/[^/]+\/providers\//i.test(scope)
          ? []
          : [`the scope ${scope} is wider than one resource`]),
        ...(role === undefined ? [] : [`the role ${role} is too wide; make a custom role`]),
        ...(inputs["principalType"] === undefined ? ["principalType must be set"] : []),
      ];
    },
  },
  {
    name: "federation-by-environment",
    description:
      "A workflow acts as an identity from one protected environment, never from a branch or a pattern.",
    types: ["managedidentity:FederatedIdentityCredential"],
    violations: ({ inputs }) => {
      const subject = String(inputs["subject"]);
      return [
        ...(/^repo:[\w.-]+\/[\w.-]+:environment:[\w.-]+$/.test(subject)
          ? []
          : [`the subject ${subject} names no environment; write repo:ORG/REPOSITORY:environment:NAME`]),
        ...(inputs["issuer"] === "https://token.actions.githubusercontent.com"
          ? []
          : [`the issuer ${String(inputs["issuer"])} is not GitHub's`]),
      ];
    },
  },
  {
    name: "logs-entra-only",
    description: "The log workspace takes Microsoft Entra ID and no workspace key.",
    types: ["operationalinsights:Workspace"],
    violations: ({ inputs }) =>
      valueAt(inputs, "features", "disableLocalAuth") === true
        ? []
        : ["features.disableLocalAuth must be true"],
  },
  {
    name: "controller-pinned-and-keyless",
    description: "The controller runs an image by its digest and holds no secret.",
    types: ["app:Job", "app:ManagedEnvironment"],
    violations: ({ inputs }) => [
      ...listAt(inputs, "template", "containers")
        .map((container) => String(valueAt(container, "image")))
        .filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image))
        .map((image) => `the image ${image} can be replaced; name it by digest`),
      ...(listAt(inputs, "configuration", "secrets").length === 0
        ? []
        : ["configuration.secrets must be left out; give the identity a role instead"]),
      ...(valueAt(inputs, "appLogsConfiguration", "logAnalyticsConfiguration", "sharedKey") === undefined
        ? []
        : ["appLogsConfiguration holds a workspace key; log by a diagnostic setting"]),
    ],
  },
  {
    name: "protect-what-loss-hurts",
    description: "Hub, stores and provisioning are protected: one command must not delete them.",
    types: [
      "resources:ResourceGroup",
      "iothub:IotHubResource",
      "storage:StorageAccount",
      "storage:BlobContainer",
      "deviceprovisioningservices:IotDpsResource",
    ],
    violations: ({ name, isProtected }) =>
      isProtected ? [] : [`${name} must be protected; pulumi config set protect true`],
  },
];
