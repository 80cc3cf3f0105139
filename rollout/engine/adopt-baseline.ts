import type { Intent } from "../model/record.ts";
import { adoptedIntent, toAdopt } from "../plan/adoption.ts";
import { releaseDocument } from "../plan/documents.ts";
import { emptyConfigurations } from "./empty-configurations.ts";
import { nextRecord } from "./next-record.ts";
import type { StepInput } from "./observation.ts";
import { soundPlan } from "./sound-plan.ts";
import type { Step } from "./step.ts";

/**
 * Take over what a fresh product's devices run, one baseline after another: EMPTY configurations, then the record. It
 * writes to no device.
 */
export function adoptBaseline(input: StepInput): Step | undefined {
  const { declared, observation, deciding } = input;
  const { product, fleet } = declared;
  const intents = observation.store?.head?.record.intents ?? [];
  const [adoptable] = toAdopt(declared, intents);
  if (adoptable === undefined) return undefined;
  const sound = soundPlan(input);
  if (sound.kind !== "sound") return sound;
  const intent = adoptedIntent(product, adoptable, intents);
  const document = releaseDocument({
    ...intent,
    product,
    imageBase: deciding.imageBase,
    access: fleet.products[product]?.access,
    adopted: true,
    ...(adoptable.where === undefined ? {} : { covers: adoptable.where }),
  });
  const made = emptyConfigurations(input, document, `create the baseline ${intent.version}, for nobody`);
  if (made.kind !== "created") return made;
  const adopted: Intent = { ...intent, priority: made.priority, created: made.created };
  const whose = adoptable.where === undefined ? "the devices" : `devices with ${adoptable.where}`;
  const reason = `${intent.version} is what ${whose} run`;
  return nextRecord(input, { kind: "adopt", subject: intent.attempt, changed: [adopted], reason });
}
