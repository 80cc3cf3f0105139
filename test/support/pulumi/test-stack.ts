/**
 * A stack for tests: Pulumi's part between a program and its providers, in this process. The program, Pulumi's runtime
 * for Node and its plugin for dynamic resources are the real ones; the engine is not Pulumi's. It has no backend, no
 * locks, no pending operations and no aliases, and of azure-native it has neither checks nor rules of replacement:
 * a resource of Azure is whatever the program says.
 */
import { isDeepStrictEqual } from "node:util";
import type { AzureStandIn } from "./azure-stand-in.ts";
import type { DynamicPlugin } from "./dynamic-plugin.ts";
import { startMonitorServer, type Registration } from "./monitor-server.ts";
import { runProgramProcess } from "./program-process.ts";
import { isDynamic, remarked, takeStep, type Step, type StepKind } from "./resource-steps.ts";
import { deletionOrder, urnOf, type StoredResource } from "./stack-state.ts";
import { revealedAll, type Values } from "./wire-values.ts";

/** What a run did, or would do. */
export interface StackRun {
  /** How many resources, by what became of them. */
  readonly counts: Readonly<Partial<Record<StepKind, number>>>;
  readonly steps: readonly { readonly kind: StepKind; readonly urn: string }[];
  /** What the program asked for, resource by resource. */
  readonly registrations: readonly Registration[];
  /** Errors that Pulumi would show; none when the run did all it should. */
  readonly errors: readonly string[];
  readonly outputs: Values;
}

/** What a refresh found. */
export interface RefreshRun {
  readonly gone: readonly string[];
  readonly drifted: readonly string[];
}

/** A stack, and what one does with it. */
export interface TestStack {
  preview(): Promise<StackRun>;
  up(): Promise<StackRun>;
  refresh(): Promise<RefreshRun>;
  destroy(): Promise<StackRun>;
  configure(changes: Readonly<Record<string, string | undefined>>): void;
  readonly state: ReadonlyMap<string, StoredResource>;
}

/** What a stack is made of. */
export interface TestStackOptions {
  readonly plugin: DynamicPlugin;
  readonly azure: AzureStandIn;
  /** File of the program, from the project's root. */
  readonly main: string;
  readonly configuration: Readonly<Record<string, string>>;
}

const PROJECT_AND_STACK = { project: "wavegate", stack: "test" } as const;

/** An empty stack. */
export function createTestStack({ plugin, azure, main, configuration }: TestStackOptions): TestStack {
  const state = new Map<string, StoredResource>();
  let settings: Record<string, string> = { ...configuration };

  const runProgram = async (isPreview: boolean): Promise<StackRun> => {
    const steps: Step[] = [];
    const registrations: Registration[] = [];
    const errors: string[] = [];
    const seen = new Set<string>();
    let outputs: Values = {};
    await using monitor = await startMonitorServer({
      register: async (registration) => {
        registrations.push(registration);
        const urn = urnOf(PROJECT_AND_STACK, registration);
        if (seen.has(urn)) throw new Error(`Duplicate resource URN '${urn}'`);
        seen.add(urn);
        const step = await takeStep(registration, {
          urn,
          before: state.get(urn),
          options: { plugin, azure, isPreview },
        }).catch((error: unknown) => {
          errors.push(error instanceof Error ? error.message : String(error));
          throw error;
        });
        steps.push(step);
        if (!isPreview) {
          // Set again, so that the order of the state is that of this run.
          state.delete(urn);
          state.set(urn, step.resource);
        }
        if (step.error !== undefined) {
          errors.push(step.error.message);
          throw step.error;
        }
        return { urn, id: step.resource.id, outputs: step.resource.outputs };
      },
      outputs: (urn, given) => {
        if (urn.includes("::pulumi:pulumi:Stack::")) outputs = given;
      },
      invoke: (token) => azure.invoke(token),
      log: ({ isError, message }) => {
        if (isError) errors.push(message);
      },
    });
    const { address } = monitor;
    const program = { ...PROJECT_AND_STACK, address, main, configuration: settings, isPreview };
    const { code, output } = await runProgramProcess(program);
    if (code !== 0 && errors.length === 0) errors.push(`the program ended with ${String(code)}: ${output}`);
    // A program that broke off has not said what it no longer wants.
    const unwanted =
      errors.length > 0 ? [] : deletionOrder(state.values()).filter(({ urn }) => !seen.has(urn));
    const removed = await remove(unwanted, isPreview, errors);
    return { ...summary([...steps, ...removed]), registrations, errors, outputs };
  };

  const remove = async (
    resources: readonly StoredResource[],
    isPreview: boolean,
    errors: string[],
  ): Promise<Step[]> => {
    const kept = resources.filter(({ protect }) => protect);
    if (kept.length > 0) {
      errors.push(...kept.map(({ urn }) => `resource "${urn}" cannot be deleted because it is protected`));
      return [];
    }
    const removed: Step[] = [];
    for (const resource of resources) {
      if (!isPreview) {
        try {
          if (isDynamic(resource)) await plugin.delete(resource.id, revealedAll(resource.outputs));
        } catch (error) {
          errors.push(error instanceof Error ? error.message : String(error));
          break;
        }
        state.delete(resource.urn);
      }
      removed.push({ kind: "delete", resource });
    }
    return removed;
  };

  return {
    state,
    preview: () => runProgram(true),
    up: () => runProgram(false),
    refresh: async () => {
      const gone: string[] = [];
      const drifted: string[] = [];
      for (const resource of [...state.values()].filter(isDynamic)) {
        const { id, properties, inputs } = await plugin.read(resource.id, revealedAll(resource.outputs));
        if (id === "") {
          gone.push(resource.name);
          state.delete(resource.urn);
          continue;
        }
        if (!isDeepStrictEqual(properties, revealedAll(resource.outputs))) drifted.push(resource.name);
        state.set(resource.urn, {
          ...resource,
          outputs: remarked(properties, resource),
          inputs: inputs === undefined ? resource.inputs : remarked(inputs, resource),
        });
      }
      return { gone, drifted };
    },
    destroy: async () => {
      const errors: string[] = [];
      const steps = await remove(deletionOrder(state.values()), false, errors);
      return { ...summary(steps), registrations: [], errors, outputs: {} };
    },
    configure: (changes) => {
      const next = Object.entries({ ...settings, ...changes });
      settings = Object.fromEntries(next.filter((pair): pair is [string, string] => pair[1] !== undefined));
    },
  };
}

function summary(steps: readonly Step[]): Pick<StackRun, "counts" | "steps"> {
  const counts: Partial<Record<StepKind, number>> = {};
  for (const { kind } of steps) counts[kind] = (counts[kind] ?? 0) + 1;
  return { counts, steps: steps.map(({ kind, resource }) => ({ kind, urn: resource.urn })) };
}
