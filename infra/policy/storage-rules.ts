import { valueAt, type Candidate, type Rule } from "./rule.ts";

const ACCOUNT = "storage:StorageAccount";
const CONTAINER = "storage:BlobContainer";

/** What holds for every storage account and container. */
export const storageRules: readonly Rule[] = [
  {
    name: "storage-no-shared-keys",
    description: "Storage takes Microsoft Entra ID: no account key, no token made of one, no local user.",
    types: [ACCOUNT],
    violations: ({ inputs }) => [
      ...(inputs["allowSharedKeyAccess"] === false ? [] : ["allowSharedKeyAccess must be false"]),
      // Absent is off for local users, unlike for keys [Microsoft.Storage: isLocalUserEnabled].
      ...(inputs["isLocalUserEnabled"] === true ? ["isLocalUserEnabled must be false"] : []),
    ],
  },
  {
    name: "storage-transport",
    description: "Storage is reached by HTTPS with TLS 1.2 or newer, and copied to no other directory.",
    types: [ACCOUNT],
    violations: ({ inputs }) => [
      ...(/^TLS1_[23]$/.test(String(inputs["minimumTlsVersion"]))
        ? []
        : ["minimumTlsVersion must be TLS1_2"]),
      ...(inputs["enableHttpsTrafficOnly"] === false ? ["enableHttpsTrafficOnly must be true"] : []),
      ...(inputs["allowCrossTenantReplication"] === true
        ? ["allowCrossTenantReplication must be false"]
        : []),
    ],
  },
  {
    name: "storage-public-only-where-named",
    description:
      "Only the accounts named in the policy's configuration are read without credentials; none is listed.",
    types: [ACCOUNT, CONTAINER],
    settings: {
      properties: { accounts: { type: "array", items: { type: "string" }, default: ["firmware"] } },
    },
    violations: (candidate) => {
      const { type, name, inputs } = candidate;
      if (type === ACCOUNT)
        return inputs["allowBlobPublicAccess"] === false || isNamed(candidate)
          ? []
          : [`allowBlobPublicAccess of ${name} must be false; pulumi config set firmwareAccess on-demand`];
      const access = inputs["publicAccess"] ?? "None";
      if (access === "None" || (access === "Blob" && isNamed(candidate))) return [];
      return [`publicAccess of ${name} is ${JSON.stringify(access)}; it must be "None"`];
    },
  },
  {
    name: "storage-recoverable",
    description: "Deleted and overwritten blobs can be brought back for a week or longer.",
    types: ["storage:BlobServiceProperties"],
    violations: ({ inputs }) => [
      ...(inputs["isVersioningEnabled"] === true ? [] : ["isVersioningEnabled must be true"]),
      ...["deleteRetentionPolicy", "containerDeleteRetentionPolicy"].flatMap((key) =>
        valueAt(inputs, key, "enabled") === true && Number(valueAt(inputs, key, "days")) >= 7
          ? []
          : [`${key} must be enabled for 7 days or more; pulumi config set retentionDays 30`],
      ),
    ],
  },
  {
    name: "storage-no-blobs-in-code",
    description:
      "Images are stored by `wavegate release add`: the provider uploads blobs with the account's key.",
    types: ["storage:Blob"],
    violations: ({ name }) => [`${name} must not be a resource (pulumi/pulumi-azure-native#2015)`],
  },
];

function isNamed({ name, settings }: Candidate): boolean {
  // Pulumi fills in the default; where nobody configures the pack, it is the same.
  const { accounts = ["firmware"] } = settings;
  return Array.isArray(accounts) && accounts.includes(name);
}
