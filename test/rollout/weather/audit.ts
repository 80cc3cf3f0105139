import type { Registry } from "../../../rollout/adapters/registry.ts";
import { attemptId, refId } from "../../../rollout/model/attempt.ts";
import { LABEL } from "../../../rollout/model/labels.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import type { RecordPort } from "../../../rollout/reconcile/ports.ts";

export const ATTEMPT = attemptId("thermostat", "1.1.0", 1);
const REF = refId("thermostat");

/** Looks at a hub beside all controllers, and remembers what broke a rule. */
export interface Audit {
  readonly broken: string[];
  readonly check: () => Promise<void>;
  readonly head: () => Promise<RolloutRecord | undefined>;
}

/**
 * The rules that no weather excuses: what a release exposes was recorded, by the head or by an ancestor of it, and once
 * it was emptied under an abort it stays empty. Single configurations are read, which no throttle and no fault is about.
 */
export function auditOf(registry: () => Registry, records: RecordPort): Audit {
  const broken: string[] = [];
  let isTakenBack = false;
  const labelsOf = async (
    id: string,
  ): Promise<{ labels: Record<string, string>; condition: string } | undefined> => {
    try {
      const { responseBody } = await registry().getConfiguration(id);
      return { labels: responseBody.labels ?? {}, condition: responseBody.targetCondition ?? "" };
    } catch (error) {
      // As the SDK throws it.
      const { response } = error as { readonly response?: { readonly statusCode?: number } };
      if (response?.statusCode === 404) return undefined;
      throw error;
    }
  };
  const recordsFrom = async (name: string | null | undefined): Promise<readonly RolloutRecord[]> => {
    const chain: RolloutRecord[] = [];
    for (let next = name; next !== null && next !== undefined;) {
      // A label of the ref, or a record's own parent: digests, both.
      const record = await records.getRecord("thermostat", next as never);
      if (record === undefined) {
        broken.push(`the head's chain lacks ${next}`);
        break;
      }
      chain.push(record);
      next = record.parent;
    }
    return chain;
  };
  const chainNow = async (): Promise<readonly RolloutRecord[]> =>
    recordsFrom((await labelsOf(REF))?.labels[LABEL.head]);
  return {
    broken,
    head: async () => (await chainNow())[0],
    check: async () => {
      const release = await labelsOf(ATTEMPT);
      if (release === undefined) return;
      const { condition, labels } = release;
      const isAbort = Object.keys(labels).some((label) => label.startsWith("wg-abort"));
      if (condition === "") {
        isTakenBack ||= isAbort;
        return;
      }
      if (isTakenBack) broken.push(`after its abort the release was exposed again: ${condition}`);
      const recorded = (await chainNow()).flatMap(({ intents }) =>
        intents.filter(({ attempt }) => attempt === ATTEMPT).map((intent) => intent.condition),
      );
      if (!recorded.includes(condition)) broken.push(`exposed, and in no record of the chain: ${condition}`);
    },
  };
}
