import type { Intent, RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import { releaseDocument } from "../plan/documents.ts";
import type { PlannedRelease } from "../plan/product-plan.ts";
import { retriedIntents } from "../plan/wanted-release.ts";
import { partCondition } from "../plan/wave-condition.ts";
import { emptyConfigurations } from "./empty-configurations.ts";
import { pendingApprovals, startBar } from "./growth-bar.ts";
import { accessProblems, renewAccess } from "./image-access.ts";
import { nextRecord } from "./next-record.ts";
import type { Deciding, StepInput } from "./observation.ts";
import { soundPlan } from "./sound-plan.ts";
import { held } from "./status.ts";
import type { Step } from "./step.ts";
import { askTargeted } from "./targeted-devices.ts";
import { wantedOf } from "./wanted.ts";

/** Start the wanted release: EMPTY configurations first, then the record that opens its first wave. */
export function startRelease(input: StepInput): Step | undefined {
  const { declared, observation, deciding } = input;
  const { product, fleet } = declared;
  const head = observation.store?.head;
  if (head === undefined || wantedOf(input) === undefined || startBar(input) !== undefined) return undefined;
  const sound = soundPlan(input);
  if (sound.kind !== "sound") return sound;
  const { release: starting } = sound.plan;
  if (starting === undefined) return undefined;
  const { attempt, release, digest, priority } = starting;
  const document = releaseDocument({
    ...release,
    product,
    attempt,
    digest,
    priority,
    imageBase: deciding.imageBase,
    access: fleet.products[product]?.access,
    adopted: false,
    strata: Object.keys(starting.devices).length,
  });
  const made = emptyConfigurations(input, document, `create ${attempt}, for nobody`);
  if (made.kind !== "created") return made;
  // Nobody is told of an image that cannot be had.
  const access = renewAccess(input, true);
  if (access !== undefined) return access;
  const lacking = accessProblems(input);
  if (lacking.length > 0) return { kind: "blocked", problems: lacking };
  const exposable = { release, priority: made.priority, windows: firstWindows(starting) };
  const devices = askTargeted(input, exposable, { wave: 0, part: 1 });
  if (devices.kind === "ask") return devices;
  if (devices.kind === "failed")
    return held("the hub did not say how many devices the first wave aims at", false);
  const { intents } = head.record;
  const retried = retriedIntents(intents).find((intent) => intent.digest === digest);
  const started: RolloutIntent = {
    state: "running",
    attempt,
    version: release.version,
    digest,
    condition: partCondition(exposable, 0, 1),
    priority: made.priority,
    created: made.created,
    release,
    wave: 0,
    strata: Object.keys(starting.devices).sort(),
    proving: starting.proving,
    population: starting.devices,
    openedAt: observation.at,
    part: 1,
    partOpenedAt: observation.at,
    windows: exposable.windows,
    author: deciding.actor,
    approvals: pendingApprovals(input, attempt),
    overrides: [],
    ...devices.value,
    ...(retried === undefined ? {} : { retryOf: retried.attempt }),
    ...(retried?.retry?.only === undefined ? {} : { only: retried.retry.only }),
  };
  const superseded = intents.flatMap((intent): Intent[] =>
    intent.state === "running" || intent.state === "held" ? [{ ...intent, state: "superseded" }] : [],
  );
  return nextRecord(input, {
    kind: "start",
    subject: attempt,
    changed: [...superseded, ...(retried === undefined ? [] : [used(retried)]), started],
    reason: reasonOf(release, { retried, deciding }),
  });
}

/** Leave to try again is good for one attempt. */
function used(intent: RolloutIntent): RolloutIntent {
  const { retry, ...kept } = intent;
  return retry === undefined ? intent : kept;
}

/** Windows that the first wave freezes: those of later waves are computed when they open. */
function firstWindows({ release, windows }: PlannedRelease): RolloutIntent["windows"] {
  const name = release.waves[0]?.name ?? "";
  const own = windows[name];
  return own === undefined ? {} : { [name]: own };
}

function reasonOf(
  { waves: [first] }: Release,
  {
    retried,
    deciding: { plan, planKey },
  }: { readonly retried: RolloutIntent | undefined; readonly deciding: Deciding },
): string {
  const part = first?.pace === undefined ? "" : `part 1 of ${first.pace.parts} of `;
  const again =
    retried === undefined ? "" : `; tries ${retried.attempt} again: ${retried.retry?.reason ?? ""}`;
  const signed = planKey === undefined ? "" : `, signed by the key ${planKey}`;
  const byPlan = plan === undefined ? "" : ` (plan ${plan.slice(0, 12)}${signed})`;
  return `opens ${part}"${first?.name ?? ""}"${again}${byPlan}`;
}
