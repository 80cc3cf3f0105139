import type { Code } from "./problem.ts";

/**
 * What to do about each code, in general; the hint of a message knows the names and numbers. Apart from the meanings, so
 * that no command loads it: `docs/reference/errors.md` is written from both.
 */
export const REMEDIES: Readonly<Record<Code, string>> = {
  ACCESS_MISSING:
    "Nothing widens until there are keys, stops work: see that the image store answers and that the role may make delegation keys (azure.md), then `wavegate reconcile`.",
  ACCESS_MIXED: "Leave the container open to anonymous reads until the releases named have been retired.",
  ADOPT_OVERLAP: "Write `where` conditions that exclude each other.",
  APPROVAL_VOID:
    "Somebody else approves: with two or more wanted, whoever started the release does not count.",
  ARTIFACT_MISMATCH:
    "Do not roll it out: find out who wrote that blob, delete it, and add the release again.",
  ARTIFACT_MISSING: "Store the image: `wavegate release add FILE`.",
  BAD_OPTION: "Write the command as the message shows it, or see `wavegate COMMAND --help`.",
  BUDGET_THIN: "Judge by fewer metrics, strata or evidence waves, or raise `falseStop`.",
  CAP_ABOVE_FLEET: "Lower `harmCap` to what you can bear on this fleet.",
  CAP_STOPS_GOOD: "Raise `harmCap`, or expose fewer devices: the message has the number that fits.",
  CHAIN_INVALID:
    "An error: somebody wrote into the store; roll nothing out, and restore it from a backup. A warning names what is odd and harmless.",
  CONDITION_INVALID: "Write the condition as the message shows; `wavegate lint` checks it without a hub.",
  CONDITION_TOO_LONG: "Name fewer devices, or give them a tag and ask for that.",
  CONFIG_QUOTA: "Delete configurations that nobody needs; wavegate retires its own after `watch`.",
  CONTROL_SMALL: "Hold out more (the message says how much), or judge by `limit` or `binomial`.",
  DEADLINE_SHORT: "Raise `gate.deadline`, or give the strata that sleep longer their own.",
  DEADLINE_UNUSED: "Correct the stratum's name under `gate.deadline.strata`.",
  DEVICE_ANSWER: "See what its agent should answer in device.md, and update it.",
  DEVICE_UNKNOWN:
    "Correct the id: they are case-sensitive. `wavegate plan --explain DEVICE` shows a known one.",
  DUPLICATE_OVERRIDE: "Remove one of the two files.",
  DUPLICATE_RELEASE: "Remove one of the two files.",
  ENROLL_OPEN_WAVE: "Wait until the rollout has reached everyone, or say `--into-open-wave`.",
  ENROLL_UNFIT: "Nothing was changed: use twin patches, with a higher `--import-above`.",
  EVIDENCE_CHANGED: "Look again with `wavegate status`, then name the evidence it shows.",
  FLEET_INVALID: "Correct `fleet.ts`: the message lists every place.",
  FLOOR_BLOCKS_ROLLBACK:
    "A stop could halt and not undo: raise the floor with a later release, once one above it has reached everyone.",
  FOREIGN_CONFIGURATION: "Find out whose it is; empty its target condition, or delete it.",
  GATE_INVALID: "Write the gate as a release does: the message has an example.",
  GIT_HOST_FAILED: "Run the command again; it finds what it wrote before.",
  GIT_HOST_REFUSED: "Set GITHUB_TOKEN, with the permissions that gitops.md names for the command.",
  HOLD_OUT_REACHED: "Take a smaller cohort, or a smaller `holdOut`.",
  HUB_CONFLICT: "Run the command again: it looks anew.",
  HUB_FAILED: "Wait a little and run the command again. A stop is tried again by every controller.",
  HUB_NOT_FOUND: "Look again: `wavegate status`. If a configuration was deleted by hand, see runbook.md.",
  HUB_QUOTA: "Wait until midnight UTC, or add units to the hub. Nothing widens meanwhile.",
  HUB_REJECTED:
    "Correct what the message names; where it names nothing of yours, it is a bug worth reporting.",
  HUB_THROTTLED: "Wait: the command retries by itself, and stops go first. See who else calls the hub.",
  HUB_UNAUTHORIZED: "Sign in (`az login`), or give the identity the role that azure.md names.",
  HUB_UNREACHABLE:
    "See that the hub is up and its name right, then run the command again. Nothing widens meanwhile.",
  IMAGE_STORE_FAILED: "See that the image store answers and that `images.credential` may read it.",
  INTERRUPTED: "Nothing: the rollout goes on by `wavegate apply` or `wavegate reconcile`.",
  JOB_STORE_FAILED: "See that `identities.container` answers and that its credential may write.",
  KEY_EXPOSED:
    "Run `chmod 600` on the file, or keep it outside the repository. One that was in a commit is lost: make another.",
  KEY_INVALID: "Name the file that `wavegate keys new` wrote.",
  LAST_STEP_WIDE: "Add a wave before the last.",
  LOOKS_LOST:
    "It costs power, never validity: go on, or restore the store from a backup to judge by them again.",
  NOTHING_TO_APPROVE: "See what is waited for: `wavegate status PRODUCT`.",
  NOTHING_TO_OVERRIDE:
    "See what the gate says: `wavegate status PRODUCT`. An abort and the harm cap are never overruled.",
  NOTHING_TO_RETRY: "See how the attempts ended: `wavegate history PRODUCT`.",
  NOTHING_TO_STOP: "See what runs: `wavegate status PRODUCT`; name an older release with `--release`.",
  NOTIFY_FAILED:
    "The next run tries again, nothing is lost; see that the address answers: `wavegate notify test CHANNEL`.",
  NOTIFY_REFUSED:
    "Correct the address, the secret or the channel under `notify`, then `wavegate notify test CHANNEL`.",
  NO_BASELINE: "Declare in `adopt` the version that the devices run.",
  NO_DEVICES: "Set the tag `product` on the devices, or correct the product's name or the condition.",
  OBSERVATION_STALE: "Run the command again: nothing was written by what was seen too long ago.",
  ONE_MEASUREMENT: "Write `failures: 2` or more in the metric's judge.",
  OVERRIDE_INVALID:
    "Correct the override file: the message lists every place; `wavegate override … --file` writes one.",
  PLAN_BLOCKED: "Correct the errors it lists and run `wavegate plan`.",
  PLAN_INVALID: "Make it anew: `wavegate plan --out FILE`.",
  PLAN_NOT_REVIEWED: "Start the workflow by hand, so that its reviewers see the new plan; see gitops.md.",
  PLAN_SIGNATURE: "Do not apply it: find out who made the plan; then plan again and sign it.",
  PLAN_STALE: "Look at what changed and plan again: `wavegate plan --out FILE`.",
  PLAN_UNSIGNED: "Sign a plan: `wavegate plan --out FILE --key FILE`, then `wavegate apply FILE`.",
  PRODUCT_REMOVED: "Declare the product again, or take its release back: `wavegate abort PRODUCT`.",
  RATES_TOO_CLOSE:
    "Raise `reject`, or lower `tolerate`, or expect that it takes the devices that the message counts.",
  RECORD_BROKEN: "Restore the record store from a backup; until then wavegate only stops things.",
  RECORD_STORE_FAILED:
    "Mend the store. Until it answers nothing widens; `hold`, `abort` and `stop --all` work.",
  REF_LOST:
    "See runbook.md: a release whose configuration was deleted is stopped, a ref is restored by hand.",
  REF_REWOUND:
    "The hub was restored from a backup: wavegate has narrowed it and holds. Look, then resume or abort.",
  RELEASE_CHANGED: "Restore the file as it was when the rollout started, and declare a new version instead.",
  RELEASE_INVALID: "Correct the release file: the message lists every place.",
  RELEASE_REMOVED: "Restore the file, or take the release back: `wavegate abort PRODUCT`.",
  SETTINGS_INVALID:
    "Correct the settings: the message lists every place, reference/settings.md has all settings.",
  SETTINGS_MISSING: "Name a file with `--settings`, or try everything on this machine with `npm start`.",
  SIGNATURE_INVALID: "Do not roll it out: find out who wrote it, or name the key that signed it.",
  SIGNATURE_MISSING:
    "Add the release again with `wavegate release add FILE --key KEY`: a release never changes.",
  SIGNING_FAILED:
    "Run the command by hand with the manifest on standard input: it has to print an Ed25519 signature in base64.",
  SMOKE_TOO_SMALL: "Take a bigger first wave: the message has the number.",
  SOURCE_UNKNOWN: "Add the source to `sources` in the settings, or correct its name in the metric.",
  STOP_TOO_LATE: "Pace the wave, make it smaller, or look more often.",
  STORE_FORMAT: "Use the version of wavegate that wrote the file, or a newer one.",
  STRATUM_LATE: 'Widen an earlier wave by stratum: `atLeast(n).per("stratum")`.',
  TOLERATE_BELOW_HISTORY:
    "Raise `tolerate` to what an ordinary release of this product does, or mend the devices first.",
  TOO_MANY_DEVICES: "Declare a corrected version, or retry the whole release without `--failed`.",
  TOTAL_UNKNOWN: "Let the total's query name `{{attempt}}` or `{{version}}`.",
  UNKNOWN_PRODUCT: "Declare the product in `fleet.ts`, or correct the name.",
  UNKNOWN_VERSION: "Correct the version in the override file, or add its release.",
  UNSTAMPED: "Let the agent report its bucket, or run `wavegate enroll PRODUCT`.",
  VERDICT_DIFFERS:
    "Find out who wrote the record, or which version of wavegate did; roll nothing out by that store.",
  WAVE_CANNOT_PROVE:
    'Say `kind: "smoke"` (no claim), take a bigger cohort, or raise `reject`: the message has the number.',
  WAVE_CLUSTERED: "Take a cohort by bucket, `percent(n)` or `devices(n)`.",
  WAVE_EMPTY: "Take a cohort that holds devices, or leave the wave out.",
  WAVE_MAY_STICK: "Take a bigger wave: the message has the number.",
  WAVE_OF_ONE: "Say `devices(n)`, or leave the wave out.",
  WAVE_TOO_FAST: "Write the `pace` that the message shows, make the wave smaller, or the hub bigger.",
};
