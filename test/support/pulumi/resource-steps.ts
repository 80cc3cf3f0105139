import { isDeepStrictEqual } from "node:util";
import type { AzureStandIn } from "./azure-stand-in.ts";
import { PartialFailure, type DynamicPlugin } from "./dynamic-plugin.ts";
import type { Registration } from "./monitor-server.ts";
import type { StoredResource } from "./stack-state.ts";
import { hasSecret, revealedAll, secret, UNKNOWN, type Values } from "./wire-values.ts";

/** What became of a resource in a run, in Pulumi's words. */
export type StepKind = "create" | "update" | "replace" | "delete" | "same";

/** What a run does about a registered resource. */
export interface Step {
  readonly kind: StepKind;
  readonly resource: StoredResource;
  /** It is there, but not as it should be; the run ends with this. */
  readonly error?: Error;
}

/** What steps are taken with. */
export interface StepOptions {
  readonly plugin: DynamicPlugin;
  readonly azure: AzureStandIn;
  readonly isPreview: boolean;
}

const DYNAMIC = "pulumi-nodejs:dynamic/";

/** Whether Pulumi's own plugin for dynamic resources has it. */
export function isDynamic({ type }: Pick<StoredResource, "type">): boolean {
  return type.startsWith(DYNAMIC);
}

/** Bring one registered resource about, or in a preview see what that would be. */
export function takeStep(
  registration: Registration,
  {
    urn,
    before,
    options,
  }: { readonly urn: string; readonly before: StoredResource | undefined; readonly options: StepOptions },
): Promise<Step> {
  const { type, name, isCustom, inputs, parent, protect, dependencies, propertyDependencies, secretOutputs } =
    registration;
  const base = {
    urn,
    type,
    name,
    isCustom,
    parent,
    protect,
    dependencies,
    propertyDependencies,
    secretOutputs,
    inputs,
    outputs: inputs,
    id: before?.id ?? "",
    failure: undefined,
  };
  if (!isCustom) return Promise.resolve({ kind: before === undefined ? "create" : "same", resource: base });
  return isDynamic(base) ? dynamicStep(base, before, options) : azureStep(base, before, options);
}

function azureStep(
  base: StoredResource,
  before: StoredResource | undefined,
  { azure, isPreview }: StepOptions,
): Promise<Step> {
  // Nothing here knows which changes replace a resource of Azure, nor what its provider calls a change.
  if (before !== undefined) {
    const isSame = isDeepStrictEqual(before.inputs, base.inputs);
    const outputs = { ...before.outputs, ...(isSame ? {} : base.inputs) };
    return Promise.resolve({ kind: isSame ? "same" : "update", resource: { ...base, outputs } });
  }
  const made = azure.created(base.type, base.name);
  const answers = isPreview ? Object.fromEntries(Object.keys(made).map((key) => [key, UNKNOWN])) : made;
  const id = isPreview ? "" : azure.idOf(base.type, base.name);
  return Promise.resolve({
    kind: "create",
    resource: { ...base, id, outputs: { ...base.inputs, ...answers } },
  });
}

async function dynamicStep(
  registered: StoredResource,
  before: StoredResource | undefined,
  { plugin, isPreview }: StepOptions,
): Promise<Step> {
  // The plugin does not accept secrets: it sees them, and the engine marks them again.
  const { inputs: checked, failures } = await plugin.check(
    revealedAll(before?.inputs ?? {}),
    revealedAll(registered.inputs),
  );
  if (failures.length > 0) {
    const problems = failures.map(({ property, reason }) => `${property}: ${reason}`);
    throw new Error(`${registered.urn} has problems: ${problems.join("; ")}`);
  }
  const base = { ...registered, inputs: remarked(checked, registered) };
  const done = (kind: StepKind, id: string, properties: Values): Step => ({
    kind,
    resource: { ...base, id, outputs: remarked(properties, registered) },
  });
  if (before === undefined) {
    if (isPreview) return done("create", "", checked);
    return attempted(base, "create", async () => {
      const { id, properties } = await plugin.create(checked);
      return done("create", id, properties);
    });
  }
  const olds = revealedAll(before.outputs);
  const { changes, replaces } = await plugin.diff(before.id, olds, checked);
  if (!changes && before.failure === undefined) return done("same", before.id, olds);
  if (replaces.length === 0) {
    if (isPreview) return done("update", before.id, { ...olds, ...checked });
    return attempted(base, "update", async () =>
      done("update", before.id, await plugin.update(before.id, olds, checked)),
    );
  }
  if (isPreview) return done("replace", "", checked);
  return attempted(base, "replace", async () => {
    const { id, properties } = await plugin.create(checked);
    await plugin.delete(before.id, olds);
    return done("replace", id, properties);
  });
}

async function attempted(base: StoredResource, kind: StepKind, act: () => Promise<Step>): Promise<Step> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof PartialFailure)) throw error;
    const { id, properties, message } = error;
    const resource = { ...base, id, outputs: remarked(properties, base), failure: message };
    return { kind, resource, error };
  }
}

/** Properties whose input was a secret, or that the program declared to be one, are marked. */
export function remarked(
  properties: Values,
  { inputs, secretOutputs }: Pick<StoredResource, "inputs" | "secretOutputs">,
): Values {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => {
      const input = inputs[key];
      const isSecret = secretOutputs.includes(key) || (input !== undefined && hasSecret(input));
      return [key, isSecret ? secret(value) : value];
    }),
  );
}
