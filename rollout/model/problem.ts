/** Every code wavegate answers with; the sentence is its meaning, `docs/` and `--help` print the same words. */
export const CODES = {
  ACCESS_MISSING: "devices have no key to an image that opens with one only",
  ACCESS_MIXED: "devices take images for public that the next ones will not be",
  ADOPT_OVERLAP: "two adopted baselines claim the same devices",
  APPROVAL_VOID: "this approval would not count",
  ARTIFACT_MISMATCH: "the stored image is not the one the release declares",
  ARTIFACT_MISSING: "the image a release names is not in the image store",
  BAD_OPTION: "a command got an option or argument it cannot use",
  BUDGET_THIN: "a gate's budget is split over many tests",
  CAP_ABOVE_FLEET: "a harm cap that the fleet cannot reach",
  CAP_STOPS_GOOD: "a harm cap stops good releases of this size",
  CHAIN_INVALID: "a record does not follow from the one before it",
  CONDITION_INVALID: "a condition is none that IoT Hub takes, or devices would leave it by being updated",
  CONDITION_TOO_LONG: "a target condition is longer than IoT Hub takes",
  CONFIG_QUOTA: "the hub has, or nearly has, as many configurations as it takes",
  CONTROL_SMALL: "a hold-out is too small to compare with",
  DEADLINE_SHORT: "devices check in more seldom than the deadline allows",
  DEADLINE_UNUSED: "the gate's deadline names a stratum that has no device",
  DEVICE_ANSWER: "a device answered with something else than was asked for",
  DEVICE_UNKNOWN: "the hub has no device of that name",
  DUPLICATE_OVERRIDE: "two override files are about the same wave",
  DUPLICATE_RELEASE: "two release files declare the same product and version",
  ENROLL_OPEN_WAVE: "buckets would put devices into a wave that is open",
  ENROLL_UNFIT: "the hub's import does more to a device than it is asked",
  EVIDENCE_CHANGED: "an override names other counts than the gate has now",
  FLEET_INVALID: "the fleet declaration is malformed",
  FLOOR_BLOCKS_ROLLBACK: "devices would refuse the version that they fall back to",
  FOREIGN_CONFIGURATION: "another configuration writes to the firmware path of these devices",
  GATE_INVALID: "the gate's numbers contradict each other",
  GIT_HOST_FAILED: "the Git host does not answer, or not as it should",
  GIT_HOST_REFUSED: "the Git host does not accept the token, or the token lacks a permission",
  HOLD_OUT_REACHED: "a wave before the last reaches into the release's hold-out",
  HUB_CONFLICT: "somebody else changed the configuration first",
  HUB_FAILED: "the hub answered with a server error",
  HUB_NOT_FOUND: "the hub does not know what was asked for",
  HUB_QUOTA: "the hub's daily message quota is used up",
  HUB_REJECTED: "the hub refused the request as malformed",
  HUB_THROTTLED: "the hub is limiting our calls",
  HUB_UNAUTHORIZED: "the hub does not accept the credentials",
  HUB_UNREACHABLE: "the hub does not answer",
  IMAGE_STORE_FAILED: "the image store does not answer or refuses",
  INTERRUPTED: "the command was interrupted; the rollout goes on",
  JOB_STORE_FAILED: "the container of import jobs does not answer or refuses",
  KEY_EXPOSED: "a private key is, or would be, where others get at it",
  KEY_INVALID: "what was given as a key is no Ed25519 key of that kind",
  LAST_STEP_WIDE: "the last wave is many times what was tried before",
  LOOKS_LOST: "looks that were stored are gone or were changed",
  NOTHING_TO_APPROVE: "no wave awaits this approval",
  NOTHING_TO_OVERRIDE: "the gate's verdict is none that a person may override",
  NOTHING_TO_RETRY: "there is no release that may be tried again",
  NOTHING_TO_STOP: "there is no release under way to act on",
  NOTIFY_FAILED: "a channel of notifications does not take messages",
  NOTIFY_REFUSED: "a channel of notifications takes messages, and not this one",
  NO_BASELINE: "nothing would take the devices back if the release is stopped",
  NO_DEVICES: "no device carries the product's tag",
  OBSERVATION_STALE: "too much time passed between looking and acting",
  ONE_MEASUREMENT: "a single measurement stops a release",
  OVERRIDE_INVALID: "an override file is malformed, or is about a wave that its release does not have",
  PLAN_BLOCKED: "the plan has errors; nothing was changed",
  PLAN_INVALID: "a saved plan is malformed, or was edited",
  PLAN_NOT_REVIEWED: "a plan is not the one that its pull request showed",
  PLAN_SIGNATURE: "a saved plan's signature is not that of a key that the settings pin",
  PLAN_STALE: "what a saved plan was made from has changed since",
  PLAN_UNSIGNED: "the settings take signed plans only, and there is none",
  RATES_TOO_CLOSE: "tolerate and reject are too near to each other to be told apart soon",
  PRODUCT_REMOVED: "the fleet no longer declares a product whose release is under way",
  RECORD_BROKEN: "a record is missing or does not match its digest",
  RECORD_STORE_FAILED: "the record store does not answer",
  REF_LOST: "the ref, or a configuration its head names, was deleted outside wavegate",
  REF_REWOUND: "the hub went back to an earlier state",
  RELEASE_CHANGED: "a release file was changed while its rollout is under way",
  RELEASE_INVALID: "a release declaration is malformed",
  RELEASE_REMOVED: "a release file was removed while its rollout is under way",
  SETTINGS_INVALID: "the settings file is malformed",
  SETTINGS_MISSING: "no settings were found",
  SIGNATURE_INVALID: "a release's signature is not that of the key",
  SIGNATURE_MISSING: "a release is not signed",
  SIGNING_FAILED: "the signing command did not give the key's signature",
  SMOKE_TOO_SMALL: "a first wave that hardly sees a gross defect",
  SOURCE_UNKNOWN: "a metric names a source that the settings do not have",
  STOP_TOO_LATE: "a wave reaches more devices than a look can save",
  STORE_FORMAT: "a stored file is of a schema this version does not know",
  STRATUM_LATE: "a stratum is first exposed in the last wave",
  TOLERATE_BELOW_HISTORY: "earlier releases failed more often than is tolerated",
  TOO_MANY_DEVICES: "more devices than can be named one by one",
  TOTAL_UNKNOWN: "a metric's total is not that of the rollout's devices",
  UNKNOWN_PRODUCT: "a release or an override names a product the fleet does not declare",
  UNKNOWN_VERSION: "an override names a version that no release file declares",
  UNSTAMPED: "devices without a bucket match no wave",
  VERDICT_DIFFERS: "a recorded verdict is not what the gate says to its evidence",
  WAVE_CANNOT_PROVE: "an evidence wave is too small to prove its gate",
  WAVE_CLUSTERED: "one site holds much of a wave",
  WAVE_EMPTY: "a wave adds no device",
  WAVE_MAY_STICK: "an evidence wave may well hold a good release",
  WAVE_OF_ONE: "a percentage of a small fleet that is one device",
  WAVE_TOO_FAST: "a wave asks more of the hub than its limits give in the time",
} as const;

export type Code = keyof typeof CODES;

/** Something wrong with an input, found before anything is touched. Validation returns all of them at once. */
export interface Problem {
  /** An error blocks; a warning is shown and the plan stands. */
  readonly severity: "error" | "warning";
  readonly code: Code;
  /** Where: a file and the path inside it, or the configuration or device set meant. */
  readonly path: string;
  /** What is wrong, with the values. */
  readonly summary: string;
  /** What to do: the next command to type, or the value to write. */
  readonly hint: string;
}

/** The problems that block. */
export function errorsOf(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ severity }) => severity === "error");
}

/** Expected trouble: it has a code, says what and which, and hints at the next step. */
export class WavegateError extends Error {
  readonly code: Code;
  readonly hint: string;
  readonly problems: readonly Problem[];
  /** How long the other side asked to wait before the next try, in ms; undefined where it said nothing. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: Code,
    message: string,
    options: {
      readonly hint: string;
      readonly cause?: unknown;
      readonly problems?: readonly Problem[];
      readonly retryAfterMs?: number | undefined;
    },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "WavegateError";
    this.code = code;
    this.hint = options.hint;
    this.problems = options.problems ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A bug in wavegate: something that cannot happen did. */
export class InvariantError extends Error {
  constructor(message: string) {
    super(`invariant broken: ${message}`);
    this.name = "InvariantError";
  }
}
