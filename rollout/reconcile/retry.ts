import { isDeclared } from "../engine/checkout.ts";
import { failedQuery, repeatFailers } from "../engine/failed-devices.ts";
import { nextRecord } from "../engine/next-record.ts";
import type { StepInput } from "../engine/observation.ts";
import { wantedOf } from "../engine/wanted.ts";
import { MOST_NAMED } from "../model/cohort.ts";
import { WavegateError } from "../model/problem.ts";
import { newestPriority, withIntent, type Intent, type Retry, type RolloutIntent } from "../model/record.ts";
import type { Declared } from "../plan/declared.ts";
import type { ReconcileOptions, ReconcilePorts } from "./reconcile.ts";
import { recordDecision } from "./record-decision.ts";

/** Leave to try a release again, as recorded. */
export interface Retried {
  readonly version: string;
  /** The attempt that is tried again. */
  readonly attempt: RolloutIntent["attempt"];
  /** Devices the new attempt is for, when not for all. */
  readonly only: readonly string[] | undefined;
  /** Devices that failed more than one attempt: a person should look at them. */
  readonly repeatFailers: readonly string[];
  /** Priority of the newest attempt: what a quarantine of those is written with. */
  readonly priority: number;
}

/**
 * Allow one more attempt of a release that was stopped: a record with a reason, under which the next look starts it anew
 * with an id and evidence of its own. The stop itself is never lifted: it stands for the attempt that it stopped.
 */
export async function retry(
  declared: Declared,
  ports: ReconcilePorts,
  options: ReconcileOptions & {
    readonly version?: string;
    /** Only the devices that failed. */
    readonly failed: boolean;
    readonly reason: string;
  },
): Promise<Retried> {
  return recordDecision(declared, ports, options, async ({ input }) => {
    const intents = input.observation.store?.head?.record.intents ?? [];
    const intent = stoppedIntent(intents, declared.product, options.version);
    const only = options.failed ? await failedDevices(intent, ports) : undefined;
    const leave: Retry = {
      actor: options.actor,
      reason: options.reason,
      at: input.observation.at,
      ...(only === undefined ? {} : { only }),
    };
    // A held release is given up by this: it stays where it is, and the new attempt goes above it.
    const state = intent.state === "held" ? "superseded" : intent.state;
    const changed: RolloutIntent = {
      ...intent,
      state,
      retry: leave,
      ...(only === undefined ? {} : { failed: only }),
    };
    const after = withIntent(intents, changed);
    refuseUnwanted(input, after, intent);
    const step = nextRecord(input, {
      kind: "retry",
      subject: intent.attempt,
      changed: [changed],
      reason: options.reason,
    });
    const { version, attempt } = intent;
    return {
      step,
      result: {
        version,
        attempt,
        only,
        repeatFailers: repeatFailers(after),
        priority: newestPriority(after),
      },
    };
  });
}

/** States from which a release is tried again. */
const ENDED: readonly Intent["state"][] = ["rolled back", "halted", "held", "rolling back"];

function stoppedIntent(
  intents: readonly Intent[],
  product: string,
  version: string | undefined,
): RolloutIntent {
  const found = intents.findLast(
    (intent): intent is RolloutIntent =>
      ENDED.includes(intent.state) && (version === undefined || intent.version === version),
  );
  const refuse = (message: string, hint: string): never => {
    throw new WavegateError("NOTHING_TO_RETRY", message, { hint });
  };
  if (found === undefined) {
    const which = version === undefined ? `no release of ${product}` : `no attempt of ${product} ${version}`;
    return refuse(
      `${which} was aborted, halted or is held`,
      `see what there was: wavegate history ${product}`,
    );
  }
  if (found.state === "rolling back") {
    const message = `devices are still coming back from ${found.version}`;
    return refuse(message, `wait until it is taken back: wavegate apply ${product}`);
  }
  return found;
}

/** Those the records name, and those that still say so. */
async function failedDevices(intent: RolloutIntent, { hubs }: ReconcilePorts): Promise<readonly string[]> {
  const named = await Promise.all(hubs.map((hub) => hub.deviceIds(failedQuery(intent), MOST_NAMED + 1)));
  const now = named.flat();
  const all = [...new Set([...(intent.failed ?? []), ...now])].sort();
  if (all.length === 0) {
    throw new WavegateError("NOTHING_TO_RETRY", `no device is known to have failed ${intent.version}`, {
      hint: "try all of it again: leave --failed out",
    });
  }
  if (all.length > MOST_NAMED) {
    throw new WavegateError("TOO_MANY_DEVICES", `more than ${MOST_NAMED} devices failed ${intent.version}`, {
      hint: "declare a corrected version, or try all of it again: leave --failed out",
    });
  }
  return all;
}

/** Leave that would not be used is none: a release that is above, changed or gone stands in the way. */
function refuseUnwanted(input: StepInput, intents: readonly Intent[], retried: RolloutIntent): void {
  if (wantedOf(input, intents)?.digest === retried.digest) return;
  const { version } = retried;
  const hasFile = isDeclared(input, retried);
  const message = hasFile
    ? `a release above ${version} is declared, or was given to devices already`
    : `the file of ${input.declared.product} ${version} is gone, or says something else by now`;
  const hint = hasFile ? "declare a version above it" : "restore the file, or declare a higher version";
  throw new WavegateError("NOTHING_TO_RETRY", message, { hint });
}
