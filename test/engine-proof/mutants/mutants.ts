/** One rule of the protocol, and how to switch it off in the source. */
export interface Mutant {
  /** Name of the rule in the model (protocol-model.mjs), or of one that the engine adds. */
  readonly rule: string;
  /** What the rule says, in short. */
  readonly says: string;
  readonly edits: readonly {
    /** Under `rollout/`. */
    readonly file: string;
    /** Must stand there exactly once. */
    readonly find: string;
    readonly replace: string;
  }[];
}

const NEXT_STEP = "engine/next-step.ts";
const STEPS = "alignRefs(input) ?? adoptStops(input) ?? foreignEdit(input) ?? checkOut(input)";

const DECIDED = "const step = renewAccess(input) ?? repairing ?? decide(input, judgements);";

const STOPS = "gateStop(input, [...judgements, ...blind.judgements]) ?? copyStops(input);";

/** Every rule of the model, switched off. A text that is not found any more fails its run, so that this list cannot rot. */
export const MUTANTS: readonly Mutant[] = [
  {
    rule: "sameListing",
    says: "check-out writes with the etag of the listing it was decided from",
    edits: [
      {
        file: "reconcile/act.ts",
        find: "await portOf(ports, hub).replace(document, etag, { sendBy });",
        replace: `const port = portOf(ports, hub);
          const now = (await port.list()).configurations.find(({ id }) => id === document.id);
          await port.replace(document, now?.etag ?? etag, { sendBy });`,
      },
    ],
  },
  {
    rule: "stopSlot",
    says: "check-out and decide refuse a configuration with a stop slot whose id is not in the chain",
    edits: [
      { file: NEXT_STEP, find: STEPS, replace: "alignRefs(input) ?? foreignEdit(input) ?? checkOut(input)" },
    ],
  },
  {
    rule: "haltEnds",
    says: "a halt that is recorded ends the release where it stands",
    edits: [
      {
        file: "engine/adopt-stops.ts",
        find: 'return canHalt ? withIntent(intents, { ...intent, state: "halted", abortedAt: at }) : intents;',
        replace: "return intents;",
      },
    ],
  },
  {
    rule: "refStored",
    says: "the ref's head moves only to a stored record",
    edits: [
      {
        file: "reconcile/act.ts",
        find: "const digest = await records.putRecord(step.record);",
        replace: `const digest = (await import("../model/digest.ts")).digestOf(step.record);`,
      },
      {
        file: "reconcile/act.ts",
        find: "for (const { hub } of step.refs) await markForward",
        replace:
          "await records.putRecord(step.record);\n  for (const { hub } of step.refs) await markForward",
      },
    ],
  },
  {
    rule: "refSlot",
    says: "a stop is also noted on the ref, head unchanged",
    edits: [
      {
        file: "engine/stops.ts",
        find: "if (ref === undefined) return undefined;",
        replace: "if (ref !== undefined) return undefined;",
      },
    ],
  },
  {
    rule: "inertCreate",
    says: "configurations are created EMPTY before any record exposes them",
    edits: [
      {
        file: "reconcile/act.ts",
        find: "await portOf(ports, hub).create(document, { sendBy });",
        replace: `await portOf(ports, hub).create({ ...document, condition: document.id.startsWith("wg") ? "" : "tags.rollout.ring = 'canary'" }, { sendBy });`,
      },
    ],
  },
  {
    rule: "finishFirst",
    says: "decide only on a clean work tree",
    edits: [
      {
        file: NEXT_STEP,
        find: STEPS,
        replace: "alignRefs(input) ?? adoptStops(input) ?? foreignEdit(input)",
      },
      { file: NEXT_STEP, find: "|| isTreeClean(input)) return mark", replace: "|| true) return mark" },
      {
        file: NEXT_STEP,
        find: DECIDED,
        replace: `const decided = renewAccess(input) ?? repairing ?? decide(input, judgements);
          const step = decided.kind === "wait" ? (checkOut(input) ?? decided) : decided;`,
      },
    ],
  },
  {
    rule: "gateActFirst",
    says: "an abort by the gate is act-first like an operator's",
    edits: [
      {
        file: NEXT_STEP,
        find: STOPS,
        replace: "copyStops(input);",
      },
      {
        file: NEXT_STEP,
        find: DECIDED,
        replace:
          "const step = renewAccess(input) ?? repairing ?? gateStop(input, judgements) ?? decide(input, judgements);",
      },
    ],
  },
  {
    rule: "noStar",
    says: "a stop repeats on 412 with the new etag, it never uses If-Match *",
    edits: [
      {
        file: "reconcile/enforce-stop.ts",
        find: "await hub.replace(write.document, write.etag, { urgent: true, sendBy });",
        replace: `await hub.replace(write.document, tries === 0 ? write.etag : "*", { urgent: true, sendBy });`,
      },
    ],
  },
  {
    rule: "starEmpty",
    says: "If-Match * never with a condition: not for a freeze",
    edits: [
      {
        file: "reconcile/enforce-stop.ts",
        find: "await hub.replace(write.document, write.etag, { urgent: true, sendBy });",
        replace: `await hub.replace(write.document, write.document.condition === "" ? write.etag : "*", { urgent: true, sendBy });`,
      },
    ],
  },
  {
    rule: "heldShrink",
    says: "check-out of a held or superseded release may only shrink it",
    edits: [
      {
        file: "plan/intended-condition.ts",
        find: `    case "held":
    case "halted":
    case "superseded":
    case "settled":
`,
        replace: "",
      },
    ],
  },
  {
    rule: "meet",
    says: "a foreign edit is answered with intended AND found",
    edits: [
      {
        file: "engine/both.ts",
        find: "const text = `(${found}) AND (${intended})`;",
        replace: "const text = intended;",
      },
    ],
  },
  {
    rule: "copyStops",
    says: "a stop seen on one hub is copied to the others without the store",
    edits: [
      {
        file: NEXT_STEP,
        find: STOPS,
        replace:
          "gateStop(input, [...judgements, ...blind.judgements]) ?? (input.observation.store && copyStops(input));",
      },
    ],
  },
  {
    rule: "refLost",
    says: "head names a release, configuration absent: held",
    edits: [
      {
        file: "engine/adopt-stops.ts",
        find: "lostStops(input).filter(",
        replace: "lostStops(input).slice(0, 0).filter(",
      },
      {
        file: "engine/stops-to-carry.ts",
        find: "lostHereOnly(input).filter(",
        replace: "lostHereOnly(input).slice(0, 0).filter(",
      },
    ],
  },
  {
    rule: "taken",
    says: "rewind is known by taken marks",
    edits: [
      {
        file: "engine/align-refs.ts",
        find: `if (takenIs === "ahead" && before !== undefined)`,
        replace: `if (takenIs === "ahead" && before !== undefined && before.digest === "")`,
      },
    ],
  },
  {
    rule: "takenNotChild",
    says: "a record that no ref took is no rewind: marks are written after the CAS",
    edits: [
      {
        file: "reconcile/act.ts",
        find: "const digest = await records.putRecord(step.record);",
        replace: `const digest = await records.putRecord(step.record);
          for (const { hub } of step.refs) await markForward(records, product, hub, digest);`,
      },
    ],
  },
  {
    rule: "ffHubs",
    says: "a ref that is an ancestor of the other hub's head is moved forward first",
    edits: [
      {
        file: "engine/align-refs.ts",
        find: `return forwardToHead(input, at("behind"));`,
        replace: `return at("behind").length > 0 ? held("refs differ") : undefined;`,
      },
    ],
  },
  {
    rule: "expiry",
    says: "an observation dies before an etag can repeat",
    edits: [
      {
        file: "reconcile/observation-life.ts",
        find: "LIFE_MS = 60_000;",
        replace: "LIFE_MS = 60_000_000_000;",
      },
    ],
  },
  {
    rule: "foreign",
    says: "condition is compared with wg-doc",
    edits: [
      { file: NEXT_STEP, find: STEPS, replace: "alignRefs(input) ?? adoptStops(input) ?? checkOut(input)" },
    ],
  },
  {
    rule: "refFirst",
    says: "where the release exposes nothing yet the stop marks the ref first",
    edits: [
      {
        file: "engine/stops.ts",
        find: `const exposes = configuration !== undefined && configuration.condition !== "";`,
        replace: `const exposes = configuration !== undefined;`,
      },
    ],
  },
  {
    rule: "holdUnborn",
    says: "a hold of a release that has not started is held at level 0",
    edits: [
      {
        file: "engine/adopt-stops.ts",
        find: "const unborn = unbornIntents(input);",
        replace: "const unborn = unbornIntents(input).slice(0, 0);",
      },
    ],
  },
  {
    rule: "newId",
    says: "a foreign edit under an adopted hold is a NEW stop",
    edits: [
      {
        file: "engine/foreign-edit.ts",
        find: ": slotLabels(stop)),",
        replace: `: found.labels["wg-hold"] === undefined ? slotLabels(stop) : {}),`,
      },
    ],
  },
  {
    rule: "incarnation",
    says: "a configuration with another createdTimeUtc is lost",
    edits: [
      {
        file: "engine/found.ts",
        find: "return found?.createdTimeUtc === intent.created[hub.name] ? found : undefined;",
        replace: "return intent.created[hub.name] === undefined ? undefined : found;",
      },
    ],
  },
  {
    rule: "holdKeepsDoc",
    says: "a hold keeps wg-doc as found",
    edits: [
      {
        file: "engine/stops.ts",
        find: ": { document: { ...configuration, labels: slots }, etag, why: `${stop.kind}",
        replace: ": { document: certified({ ...configuration, labels: slots }), etag, why: `${stop.kind}",
      },
    ],
  },
  {
    rule: "gateAlone",
    says: "the gate's stop needs no store",
    edits: [{ file: NEXT_STEP, find: STOPS, replace: "gateStop(input, judgements) ?? copyStops(input);" }],
  },
  {
    rule: "markForward",
    says: "a mark never goes back",
    edits: [
      {
        file: "reconcile/mark-forward.ts",
        find: "if (later?.some(({ digest }) => digest === head) === true) return;",
        replace: "if (later === null) return;",
      },
    ],
  },
  {
    rule: "markFirst",
    says: "the taken marks of a head stand before anything widens by it",
    edits: [
      {
        file: "engine/checkout.ts",
        find: "return markHead(input) ?? writes(widening);",
        replace: "return writes(widening);",
      },
      {
        file: "reconcile/act.ts",
        find: "for (const { hub } of step.refs) await markForward(records, product, hub, digest);",
        replace: "",
      },
    ],
  },
  {
    rule: "ownFiles",
    says: "a checkout without the head's release narrows, and widens nothing",
    edits: [
      {
        file: "engine/checkout.ts",
        find: "return declared.releases.some(({ release }) => digestOfRelease(release) === intent.digest);",
        replace:
          "return declared.releases.length >= 0 || digestOfRelease(declared.releases[0]!.release) === intent.digest;",
      },
    ],
  },
  {
    rule: "wayBack",
    says: "an abort has the baseline catch whom the records say, whatever the configuration still names",
    edits: [
      {
        file: "engine/stops.ts",
        find: "return slotWrite(input) ?? reachedWrite(input);",
        replace: "return slotWrite(input) ?? (reachedWrite(input), undefined);",
      },
    ],
  },
  {
    rule: "lostElsewhere",
    says: "a release deleted on one hub is stopped on the others before that is recorded",
    edits: [
      {
        file: "engine/stops-to-carry.ts",
        find: "return [...unrecorded, ...lost, ...refilled",
        replace: "return [...unrecorded, ...lost.slice(lost.length), ...refilled",
      },
    ],
  },
];

/**
 * `clears` of the model has no mutant: the model itself shows that the list of cleared stops is for readers alone
 * [protocol §2, end]; the chain decides, and a record holds no such list.
 */
export const RULES_WITHOUT_MUTANT = ["clears"];
