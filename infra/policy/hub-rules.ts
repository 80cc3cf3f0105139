import { listAt, valueAt, type Rule } from "./rule.ts";

const HUB = ["iothub:IotHubResource"] as const;
const PROVISIONING = ["deviceprovisioningservices:IotDpsResource"] as const;

/** What holds for every IoT hub and what provisions its devices. */
export const hubRules: readonly Rule[] = [
  {
    name: "hub-entra-only",
    description: "The hub's service side takes Microsoft Entra ID and no shared key.",
    types: HUB,
    violations: ({ inputs }) =>
      valueAt(inputs, "properties", "disableLocalAuth") === true
        ? []
        : ["properties.disableLocalAuth must be true; pulumi config set allowServiceKeys false"],
  },
  {
    name: "hub-no-device-keys",
    description: "Devices and modules sign in with certificates, not with symmetric keys.",
    types: HUB,
    violations: ({ inputs }) =>
      ["disableDeviceSAS", "disableModuleSAS"].flatMap((key) =>
        valueAt(inputs, "properties", key) === true
          ? []
          : [`properties.${key} must be true; pulumi config set allowDeviceKeys false`],
      ),
  },
  {
    name: "hub-no-policies-in-code",
    description: "Shared access policies are not declared: a program that lists them rotates their keys.",
    types: HUB,
    violations: ({ inputs }) =>
      listAt(inputs, "properties", "authorizationPolicies").length === 0
        ? []
        : ["properties.authorizationPolicies must be left out"],
  },
  {
    name: "hub-tls",
    description: "The hub takes TLS 1.2 and nothing older.",
    types: HUB,
    violations: ({ inputs }) =>
      valueAt(inputs, "properties", "minTlsVersion") === "1.2"
        ? []
        : ['properties.minTlsVersion must be "1.2"; a hub that says nothing takes TLS 1.0'],
  },
  {
    name: "hub-tier",
    description: "The hub's tier has automatic device configurations, without which nothing is rolled out.",
    types: HUB,
    violations: ({ inputs }) => {
      const tier = String(valueAt(inputs, "sku", "name"));
      return /^(F1|S[123])$/.test(tier)
        ? []
        : [`sku.name is ${tier}, which has no configurations; pulumi config set hubTier S1`];
    },
  },
  {
    name: "provisioning-no-hub-keys",
    description: "A provisioning service is linked to no hub by that hub's shared key.",
    types: PROVISIONING,
    violations: ({ inputs }) =>
      listAt(inputs, "properties", "iotHubs").some((link) => Boolean(valueAt(link, "connectionString")))
        ? ["properties.iotHubs holds a connection string; link by a managed identity (docs/azure.md)"]
        : [],
  },
];
