import type { PolicyConfigSchema, ResourceValidationPolicy } from "@pulumi/policy";

/** A resource as a rule sees it: its inputs are whatever a program wrote. */
export interface Candidate {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly isProtected: boolean;
  /** What the policy's own configuration sets. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One rule of the pack: which resources it is about, and what is wrong with one. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  /** Types as `module:Resource`, of azure-native; in whatever version of its interface. */
  readonly types: readonly string[];
  readonly settings?: PolicyConfigSchema;
  /** What is wrong, each as a sentence that says what to write; nothing where all is well. */
  readonly violations: (candidate: Candidate) => readonly string[];
}

/** The rule as Pulumi's analyzer runs it; mandatory: a violation stops the update. */
export function policyOf(rule: Rule): ResourceValidationPolicy {
  const { name, description, types, settings, violations } = rule;
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    ...(settings === undefined ? {} : { configSchema: settings }),
    validateResource: (args, report) => {
      const type = plainType(args.type);
      if (type === undefined || !types.includes(type)) return;
      const found = violations({
        type,
        name: args.name,
        // Pulumi says `any` of what a program may write.
        inputs: args.props as Record<string, unknown>,
        isProtected: args.opts.protect,
        settings: args.getConfig<Record<string, unknown>>(),
      });
      for (const violation of found) report(violation);
    },
  };
}

/** A value inside another, by its keys; undefined where there is none. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

/** The values of a list; none where it is absent or no list. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

/** Hubs and provisioning services were in the module `devices` once, and still are where a version is pinned. */
const MOVED: ReadonlyMap<string, string> = new Map([
  ["devices:IotHubResource", "iothub:IotHubResource"],
  ["devices:IotDpsResource", "deviceprovisioningservices:IotDpsResource"],
]);

/** `azure-native:iothub/v20230630:IotHubResource` is `iothub:IotHubResource`: a pinned version must not get round a rule. */
function plainType(type: string): string | undefined {
  const match = /^azure-native(?:_\w+)?:(\w+)(?:\/\w+)?:(\w+)$/.exec(type);
  if (match === null) return undefined;
  const [, module = "", resource = ""] = match;
  const named = `${module}:${resource}`;
  return MOVED.get(named) ?? named;
}
