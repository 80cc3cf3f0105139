import { isDeepStrictEqual } from "node:util";
import { CANARY } from "./azure-answer.ts";
import type { Mutant, ProgramRun, Registration } from "./mocked-program.ts";

type Entries = Readonly<Record<string, string>>;

/** Something that holds of the program under every configuration; what is wrong, in words, where it does not. */
export interface ProgramProperty {
  readonly name: string;
  readonly problems: (run: ProgramRun, again: ProgramRun, entries: Entries) => readonly string[];
  /** Changes of the program that must make it fail. */
  readonly mutants: readonly (Mutant & { readonly what: string })[];
}

const HUB = "infra/components/iot-hub.ts";
const STORE = "infra/components/blob-store.ts";
const INDEX = "infra/index.ts";

/** The properties of the program, each with the mutants that show that it is one. */
export const PROPERTIES: readonly ProgramProperty[] = [
  {
    name: "takes no shared key that the stack did not ask for",
    problems: ({ resources }, _again, entries) =>
      resources.flatMap((resource) => [
        ...wanted(
          resource,
          "IotHubResource",
          ["properties", "disableLocalAuth"],
          entries["wavegate:allowServiceKeys"] !== "true",
        ),
        ...wanted(
          resource,
          "IotHubResource",
          ["properties", "disableDeviceSAS"],
          entries["wavegate:allowDeviceKeys"] !== "true",
        ),
        ...wanted(resource, "IotHubResource", ["properties", "disableModuleSAS"], true),
        ...wanted(resource, "StorageAccount", ["allowSharedKeyAccess"], false),
        ...wanted(resource, "StorageAccount", ["isLocalUserEnabled"], false),
        ...wanted(resource, "Workspace", ["features", "disableLocalAuth"], true),
        ...(/SharedAccess|AccountKey|[?&]sig=/.test(JSON.stringify(resource.inputs))
          ? [`${nameOf(resource)} has a shared key among its inputs`]
          : []),
      ]),
    mutants: [
      {
        what: "leaves the hub's keys on where devices have keys",
        file: HUB,
        find: "disableLocalAuth: !allowServiceKeys",
        replace: "disableLocalAuth: !(allowServiceKeys || allowDeviceKeys)",
      },
      {
        what: "leaves device keys on",
        file: HUB,
        find: "disableDeviceSAS: !allowDeviceKeys",
        replace: "disableDeviceSAS: false",
      },
      {
        what: "leaves module keys on",
        file: HUB,
        find: "disableModuleSAS: true",
        replace: "disableModuleSAS: !allowDeviceKeys",
      },
      {
        what: "leaves account keys on where redundancy is local",
        file: STORE,
        find: "allowSharedKeyAccess: false",
        replace: 'allowSharedKeyAccess: redundancy === "Standard_LRS"',
      },
      {
        what: "leaves the workspace's key on",
        file: "infra/components/diagnostics.ts",
        find: "disableLocalAuth: true",
        replace: "disableLocalAuth: false",
      },
      {
        what: "links provisioning by a key",
        file: "infra/components/provisioning.ts",
        find: "iotHubs: []",
        replace:
          'iotHubs: [{ connectionString: "HostName=h;SharedAccessKeyName=n;SharedAccessKey=k", location: "l" }]',
      },
    ],
  },
  {
    name: "opens nothing but the firmware, and that only where the stack asks for it",
    problems: ({ resources }, _again, entries) => {
      const isPublic = entries["wavegate:firmwareAccess"] === "public";
      return resources.flatMap((resource) => {
        const isOpen = isPublic && resource.name === "firmware";
        return [
          ...wanted(resource, "StorageAccount", ["allowBlobPublicAccess"], isOpen),
          ...wanted(resource, "BlobContainer", ["publicAccess"], isOpen ? "Blob" : "None"),
        ];
      });
    },
    mutants: [
      {
        what: "opens firmware always",
        file: INDEX,
        find: 'anonymousRead: firmwareAccess === "public"',
        replace: "anonymousRead: true",
      },
      {
        what: "opens the records too",
        file: INDEX,
        find: "anonymousRead: false",
        replace: 'anonymousRead: firmwareAccess === "public"',
      },
      {
        what: "allows on the account what only the container refuses",
        file: STORE,
        find: "allowBlobPublicAccess: anonymousRead",
        replace: "allowBlobPublicAccess: true",
      },
      {
        what: "lets anybody list",
        file: STORE,
        find: "storage.PublicAccess.Blob",
        replace: "storage.PublicAccess.Container",
      },
    ],
  },
  {
    name: "puts no secret into plain outputs, nor into any resource's inputs",
    problems: ({ resources, outputs }) => [
      ...Object.entries(outputs).flatMap(([key, value]) =>
        holdsCanary(value) ? [`the output ${key} holds a key`] : [],
      ),
      ...resources.flatMap((resource) =>
        holdsCanary(resource.inputs)
          ? [`${nameOf(resource)} has a key that Azure made among its inputs`]
          : [],
      ),
    ],
    mutants: [
      {
        what: "puts out all that the hub says of itself",
        file: HUB,
        find: "this.hostName = hub.properties.hostName;",
        replace: "this.hostName = hub.properties.apply((all) => JSON.stringify(all));",
      },
      {
        what: "puts out all that provisioning says of itself",
        file: "infra/components/provisioning.ts",
        find: "this.idScope = service.properties.apply(({ idScope }) => idScope);",
        replace: "this.idScope = service.properties.apply((all) => JSON.stringify(all));",
      },
      {
        what: "passes a policy key to another resource",
        file: HUB,
        find: "this.name = hub.name;",
        replace:
          "this.name = hub.properties.apply(({ authorizationPolicies }) => authorizationPolicies[0].primaryKey);",
      },
    ],
  },
  {
    name: "registers the same when it runs a second time",
    problems: (run, again) => [
      ...(isDeepStrictEqual(sorted(run.resources), sorted(again.resources)) ? [] : ["the resources differ"]),
      ...(isDeepStrictEqual(run.outputs, again.outputs) ? [] : ["the outputs differ"]),
    ],
    mutants: [
      {
        what: "tags the hub with the time",
        file: HUB,
        find: "        resourceGroupName,\n        sku",
        replace: "        resourceGroupName,\n        tags: { at: String(performance.now()) },\n        sku",
      },
      {
        what: "names a resource by chance",
        file: INDEX,
        find: 'new WorkloadIdentity("preview"',
        replace: "new WorkloadIdentity(`preview-${Math.random()}`",
      },
      {
        what: "puts out the time",
        file: INDEX,
        find: "export const outputsVersion = pulumi.output(1)",
        replace: "export const outputsVersion = pulumi.output(performance.now())",
      },
    ],
  },
  {
    name: "protects what loss hurts exactly where the stack says so",
    problems: ({ resources }, _again, entries) =>
      resources
        .filter(({ type }) =>
          /:(ResourceGroup|IotHubResource|StorageAccount|BlobContainer|IotDpsResource)$/.test(type),
        )
        .filter(({ protect }) => protect !== (entries["wavegate:protect"] === "true"))
        .map((resource) => `${nameOf(resource)} is ${resource.protect ? "" : "not "}protected`),
    mutants: [
      {
        what: "protects no group",
        file: INDEX,
        find: 'new resources.ResourceGroup("wavegate", {}, { protect })',
        replace: 'new resources.ResourceGroup("wavegate", {})',
      },
      {
        what: "protects the hub of a stack that is to be destroyed",
        file: HUB,
        find: "{ parent: this, protect, dependsOn",
        replace: "{ parent: this, protect: true, dependsOn",
      },
      {
        what: "protects no provisioning service",
        file: "infra/components/provisioning.ts",
        find: "{ parent: this, protect }",
        replace: "{ parent: this }",
      },
    ],
  },
  {
    name: "gives every role on one hub, service or container, and lets only named environments be an identity",
    problems: ({ resources }, _again, entries) =>
      resources.flatMap((resource) => {
        if (resource.type.endsWith(":RoleAssignment")) {
          const scope = String(resource.inputs["scope"]);
          // Signing is by account, and where images are public nobody signs.
          const signs =
            resource.name === "firmware-rollout-delegator" &&
            entries["wavegate:firmwareAccess"] === "on-demand" &&
            /\/providers\/.*StorageAccount\/firmware$/.test(scope);
          return signs ||
            /\/providers\/.*(IotHubResource\/hub|IotDpsResource\/provisioning|BlobContainer\/(firmware|records))$/.test(
              scope,
            )
            ? []
            : [`${nameOf(resource)} is on ${scope}`];
        }
        if (!resource.type.endsWith(":FederatedIdentityCredential")) return [];
        return wanted(
          resource,
          "FederatedIdentityCredential",
          ["subject"],
          entries[`wavegate:${resource.name}Subject`],
        );
      }),
    mutants: [
      {
        what: "gives a role on the group",
        file: "infra/components/hub-role.ts",
        find: "scope: this.#hub.id",
        replace: "scope: this.#hub.id.apply((id) => id.split('/providers/')[0])",
      },
      {
        what: "lets the rollout sign where nothing has to be signed",
        file: INDEX,
        find: 'onDemand: firmwareAccess === "on-demand"',
        replace: "onDemand: true",
      },
      {
        what: "trusts previews with the rollout",
        file: INDEX,
        find: "subject: rolloutSubject }",
        replace: "subject: previewSubject ?? rolloutSubject }",
      },
    ],
  },
  {
    name: "makes the enrollment groups it declares on its own service, after their maker may, and none with a bucket",
    problems: ({ resources }, _again, entries) => {
      const groups = resources.filter(({ type }) => type.endsWith(":EnrollmentGroup"));
      const declared = JSON.parse(entries["wavegate:enrollmentGroups"] ?? "[]") as unknown[];
      return [
        ...(groups.length === declared.length ? [] : [`${groups.length} groups, not ${declared.length}`]),
        ...groups.flatMap((group) => [
          ...wanted(group, "EnrollmentGroup", ["bucket"], undefined),
          ...wanted(
            group,
            "EnrollmentGroup",
            ["dpsHostName"],
            "provisioning-of-azure.azure-devices-provisioning.net",
          ),
          ...(group.dependsOn.some((urn) => urn.endsWith(":RoleAssignment::enrollment-operator"))
            ? []
            : [`${nameOf(group)} does not wait for its maker's role`]),
        ]),
      ];
    },
    mutants: [
      {
        what: "forgets the first group",
        file: INDEX,
        find: "of enrollmentGroups) {",
        replace: "of enrollmentGroups.slice(1)) {",
      },
      {
        what: "gives a group a bucket",
        file: INDEX,
        find: "{ dpsHostName, ...enrollment }",
        replace: "{ dpsHostName, ...enrollment, bucket: 7 }",
      },
      {
        what: "does not wait for the role",
        file: INDEX,
        find: "{ dependsOn: [...forGroups] }",
        replace: "{}",
      },
    ],
  },
];

function wanted(resource: Registration, type: string, path: readonly string[], value: unknown): string[] {
  if (!resource.type.endsWith(`:${type}`)) return [];
  let found: unknown = resource.inputs;
  for (const key of path)
    found = typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined;
  return found === value
    ? []
    : [`${path.join(".")} of ${nameOf(resource)} is ${String(found)}, not ${String(value)}`];
}

function nameOf({ type, name }: Registration): string {
  return `${type.split(":").at(-1) ?? type} ${name}`;
}

function holdsCanary(value: unknown): boolean {
  return (JSON.stringify(value) as string | undefined)?.includes(CANARY) === true;
}

/** In which order resources are announced is no part of what they are. */
function sorted(resources: readonly Registration[]): readonly Registration[] {
  const keyOf = ({ type, name }: Registration): string => `${type} ${name}`;
  return resources
    .map((resource) => ({ ...resource, dependsOn: [...resource.dependsOn].sort() }))
    .sort((a, b) => keyOf(a).localeCompare(keyOf(b)));
}
