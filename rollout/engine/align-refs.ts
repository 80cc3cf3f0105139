import { isoInstant } from "../model/instant.ts";
import { headOf, LABEL, slotOf, slotLabels } from "../model/labels.ts";
import { isAborted, isRolledOut, type Intent } from "../model/record.ts";
import { makeStop } from "../model/stop.ts";
import { certified, isCertified, refDocument } from "../plan/documents.ts";
import { both } from "./both.ts";
import { answerEdit } from "./foreign-edit.ts";
import { configurationOf, reachedHubs, refOf } from "./found.ts";
import type { NamedRecord, ReachedHub, RefView, StepInput } from "./observation.ts";
import { held } from "./status.ts";
import type { HubWrite, Step } from "./step.ts";

/**
 * [protocol §3, 5.4] Bring every hub's ref to one head. A ref that is absent though its product is known, a chain with a
 * gap and refs in different lines are for a person; a hub that went back in time is narrowed and moved forward; a ref
 * that lags behind another hub's is moved forward.
 */
export function alignRefs(input: StepInput): Step | undefined {
  const { declared, observation } = input;
  const views = observation.store?.refs ?? new Map<string, RefView>();
  const hubs = reachedHubs(observation);
  const at = (place: RefView["place"]): readonly ReachedHub[] =>
    hubs.filter(({ name }) => views.get(name)?.place === place);
  const absent = at("absent");
  if (absent.length > 0) return missingRefs(input, absent);
  const [broken] = at("broken");
  if (broken !== undefined) {
    const named = headOf(refOf(broken.listing, declared.product)?.labels ?? {})?.slice(0, 12);
    return held(
      `RECORD_BROKEN: the chain of ${named ?? "an unnamed head"} is not complete in the record store`,
    );
  }
  for (const hub of hubs) {
    const { takenIs, before } = views.get(hub.name) ?? {};
    if (takenIs === "ahead" && before !== undefined) return forwardInTime(input, hub, before);
    if (takenIs === "elsewhere")
      return held(
        `REF_REWOUND: the head of ${hub.name} is not in the line of the one it had; nothing widens`,
      );
  }
  const [astray] = at("elsewhere");
  if (astray !== undefined)
    return held(`REF_DIVERGED: the head of ${astray.name} is not in the line of the other hubs'`);
  return forwardToHead(input, at("behind"));
}

/** The first look ever makes the refs; one that is gone afterwards was deleted by somebody. */
function missingRefs(input: StepInput, absent: readonly ReachedHub[]): Step {
  const { declared, observation, deciding } = input;
  const { product } = declared;
  const head = observation.store?.head;
  const isKnown = ({ name, listing }: ReachedHub): boolean =>
    observation.store?.refs.get(name)?.taken !== undefined ||
    listing.configurations.some(({ labels }) => labels[LABEL.product] === product);
  const [lost] = absent.filter(isKnown);
  const isBorn = head === undefined || head.record.kind === "create";
  if (lost !== undefined || !isBorn) {
    const where = (lost ?? absent[0])?.name ?? "a hub";
    return held(`REF_LOST: the ref of ${product} on ${where} is gone; nothing widens until it is restored`);
  }
  if (head !== undefined) {
    // Somebody died between the first hub's ref and this one's.
    const creates = absent.map(({ name }) => ({ hub: name, document: refDocument(product, head.digest) }));
    return { kind: "create", creates, why: `create the ref of ${product}` };
  }
  if (absent.length < reachedHubs(observation).length)
    return held(`RECORD_BROKEN: the first record of ${product} is not in the record store`);
  return {
    kind: "record",
    record: {
      schemaVersion: 1,
      product,
      parent: null,
      kind: "create",
      at: isoInstant(observation.at),
      actor: deciding.actor,
      reason: "first seen",
      subject: null,
      intents: [],
      stops: [],
    },
    refs: absent.map(({ name }) => ({ hub: name, create: true })),
  };
}

/**
 * `REF_REWOUND`: the hub was restored from an earlier state. What it had before is in the marked record, so its
 * configurations keep what both name, what was running or watched is held, and its ref goes to where it was.
 */
function forwardInTime(input: StepInput, hub: ReachedHub, before: NamedRecord): Step {
  const narrowed = before.record.intents.flatMap((intent) => narrowAfterRewind(input, hub, intent));
  return {
    kind: "write",
    writes: [...narrowed, ...refForward(input, hub, before)],
    why: `${hub.name} went back to an earlier state: narrow it and move its ref forward`,
  };
}

function narrowAfterRewind(input: StepInput, hub: ReachedHub, intent: Intent): readonly HubWrite[] {
  const { observation, deciding } = input;
  const found = configurationOf(hub, intent);
  if (found === undefined || !isRolledOut(intent)) return [];
  // Certified here, what somebody took away since would be given back by the next check-out.
  if (!isCertified(found)) return answerEdit(input, hub, intent);
  const condition = isAborted(intent) ? "" : both(found.condition, intent.condition);
  const marked = slotOf(found.labels, intent.attempt) !== undefined;
  if (found.condition === condition && (isAborted(intent) || condition === intent.condition)) return [];
  const goesOn = intent.state === "running" || intent.state === "watching";
  const stop = makeStop({
    kind: "hold",
    attempt: intent.attempt,
    release: intent.digest,
    actor: "unknown (restore)",
    at: isoInstant(observation.at),
    reason: `REF_REWOUND: ${hub.name} went back to an earlier state`,
    nonce: deciding.nonce,
  });
  const labels = goesOn && !marked ? { ...found.labels, ...slotLabels(stop) } : found.labels;
  const document = certified({ ...found, condition, labels });
  return [{ hub: hub.name, document, etag: found.etag, why: `narrow ${intent.attempt} on ${hub.name}` }];
}

function forwardToHead(input: StepInput, behind: readonly ReachedHub[]): Step | undefined {
  const head = input.observation.store?.head;
  if (head === undefined || behind.length === 0) return undefined;
  const writes = behind.flatMap((hub) => refForward(input, hub, head));
  return {
    kind: "write",
    writes,
    why: `move the ref forward on ${behind.map(({ name }) => name).join(", ")}`,
  };
}

/** A ref that names a record further on; the slots it holds stay. */
function refForward({ declared }: StepInput, hub: ReachedHub, to: NamedRecord): readonly HubWrite[] {
  const ref = refOf(hub.listing, declared.product);
  if (ref === undefined) return [];
  const document = { ...ref, labels: { ...ref.labels, [LABEL.head]: to.digest } };
  return [{ hub: hub.name, document, etag: ref.etag, why: `move the ref on ${hub.name} forward` }];
}
