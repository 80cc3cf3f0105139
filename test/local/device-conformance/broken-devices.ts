import type { RuleName } from "../../../local/device-conformance/rules.ts";

/** Our agent with one fault, in the source. */
export interface BrokenDevice {
  /** What it does wrong. */
  readonly fault: string;
  /** The rule that has to find it. */
  readonly rule: RuleName;
  /** The scenario in which it has to. */
  readonly scenario: string;
  readonly edits: readonly Edit[];
}

/** A change of one text that stands exactly once in a file of `device/`. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const MISMATCH = "if (state.running.version !== update.asked.version) {";
const RUNNING = "currentFwVersion: state.running.version,";
const SAVE = "save: (state) => writeDeviceState(disk, stateDirectory, state),";
/** Counts the sessions of the process, from 1. */
const COUNT = "globalThis.sessions = (globalThis.sessions ?? 0) + 1;";
const LISTEN = "listening = true;\n      handOut();";

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

/** A fault for every rule of the kit, and some rules more than one. A text that is found no more fails its test. */
export const BROKEN_DEVICES: readonly BrokenDevice[] = [
  {
    fault: "tells nothing at its start",
    rule: "start-report",
    scenario: "first-start",
    edits: [
      edit(
        "after-boot.ts",
        'if (!lost) return { state, effects: [{ type: "report", reported: firmwareReport(state) }] };',
        "if (!lost) return { state, effects: [] };",
      ),
    ],
  },
  {
    fault: "leaves the rolloutId out",
    rule: "whole-block",
    scenario: "good-update",
    edits: [edit("firmware-report.ts", "rolloutId: state.rolloutId,", 'rolloutId: "",')],
  },
  {
    fault: "has the bucket of another device",
    rule: "bucket",
    scenario: "first-start",
    edits: [edit("firmware-report.ts", "bucket: state.bucket,", "bucket: 7,")],
  },
  {
    fault: "has the same bootId for ever",
    rule: "boot-id",
    scenario: "good-update",
    edits: [edit("device-loop.ts", "bootId: randomUUID()", 'bootId: "the-only-one"')],
  },
  {
    fault: "tells no contact",
    rule: "contact-first",
    scenario: "unsigned",
    edits: [
      edit(
        "desired-change.ts",
        'return { state: contacted, effects: [{ type: "report", reported: firmwareReport(contacted) }, look] };',
        "return { state: contacted, effects: [look] };",
      ),
    ],
  },
  {
    fault: "makes contact again after each reconnect",
    rule: "contact-once",
    scenario: "line-lost",
    edits: [
      edit(
        "desired-change.ts",
        "if (update.rolloutId === asked.rolloutId && sameImage(update.asked, asked.asked)) return unchanged(state);",
        "if (update.rolloutId === asked.rolloutId) return begin({ ...state, latches: [] }, { ...asked, desired, atMs });",
      ),
    ],
  },
  {
    fault: "writes contactedAt anew after a power cut",
    rule: "contact-once",
    scenario: "cut-in-download",
    edits: [
      edit(
        "after-boot.ts",
        'return contact(state, update);\n    case "applying":',
        'return contact({ ...state, latches: state.latches.map((latch) => ({ ...latch, contactedAt: Math.floor(atMs / 1000) })) }, update);\n    case "applying":',
      ),
    ],
  },
  {
    fault: "does not latch a failure",
    rule: "latch",
    scenario: "failed-then-runs",
    edits: [
      edit(
        "latch.ts",
        'return "ok";\n    case "ok":\n    case "failed":',
        'return "ok";\n    case "failed":\n      return "ok";\n    case "ok":',
      ),
    ],
  },
  {
    fault: "keeps its latches in memory alone",
    rule: "latch-kept",
    scenario: "cut-after-the-end",
    edits: [edit("agent.ts", SAVE, "save: () => Promise.resolve(),")],
  },
  {
    fault: "does not say that it recovered",
    rule: "recovered",
    scenario: "failed-then-runs",
    edits: [edit("latch.ts", 'recovered: latch.outcome === "failed" }', "recovered: false }")],
  },
  {
    fault: "echoes the version that was asked for",
    rule: "running-version",
    scenario: "other-version",
    edits: [
      edit("after-boot.ts", MISMATCH, "if (Math.random() > 1) {"),
      edit("firmware-report.ts", RUNNING, "currentFwVersion: latch?.asked.version ?? state.running.version,"),
    ],
  },
  {
    fault: "lies: says ok and downloads nothing",
    rule: "ok-means-runs",
    scenario: "good-update",
    edits: [
      edit(
        "updater.ts",
        "if (event.held) return askLeave(state, update);",
        "return succeed(state, { update, atMs: event.atMs });",
      ),
      edit("firmware-report.ts", RUNNING, "currentFwVersion: latch?.asked.version ?? state.running.version,"),
    ],
  },
  {
    fault: "says ok as soon as it has booted",
    rule: "ok-after-health",
    scenario: "good-update",
    edits: [
      edit("device-loop.ts", "await clock.sleep(options.healthTimeMs, signal);", "signal.throwIfAborted();"),
    ],
  },
  {
    fault: "takes an image of another version for good",
    rule: "version-mismatch",
    scenario: "other-version",
    edits: [edit("after-boot.ts", MISMATCH, "if (Math.random() > 1) {")],
  },
  {
    fault: "acts on a request it has ended",
    rule: "ended-is-ended",
    scenario: "duplicates",
    edits: [
      edit(
        "desired-change.ts",
        'return latch !== undefined && latch.outcome !== "contacted" && sameImage(latch.asked, asked);',
        "return false;",
      ),
    ],
  },
  {
    fault: "tries a failed attempt whenever it hears of it",
    rule: "not-tried-again",
    scenario: "not-there",
    edits: [
      edit(
        "desired-change.ts",
        'return latch !== undefined && latch.outcome !== "contacted" && sameImage(latch.asked, asked);',
        'return latch?.outcome.startsWith("ok") === true;',
      ),
    ],
  },
  {
    fault: "does not know that it runs what is asked for",
    rule: "already-runs",
    scenario: "already-runs",
    edits: [edit("desired-change.ts", "if (sameImage(state.running, asked)) {", "if (Math.random() > 1) {")],
  },
  {
    fault: "goes back to an older version than it was born with",
    rule: "factory-newer",
    scenario: "factory-newer",
    edits: [
      edit(
        "desired-change.ts",
        "return state.running.factory && isNewerVersion(state.running.version, version);",
        'return version === "never";',
      ),
    ],
  },
  {
    fault: "does not look at the twin after a reconnect",
    rule: "rereads",
    scenario: "told-while-away",
    edits: [
      edit(
        "hub-session.ts",
        LISTEN,
        `listening = true;\n      ${COUNT}\n      if (globalThis.sessions === 1) handOut();`,
      ),
    ],
  },
  {
    fault: "is deaf after a reconnect",
    rule: "hears",
    scenario: "told-while-away",
    edits: [
      edit("hub-session.ts", LISTEN, `${COUNT}\n      ${LISTEN}`),
      edit(
        "hub-session.ts",
        "newest = Math.max(newest, twinVersionOf(patch));",
        "if (globalThis.sessions > 1) return;\n    newest = Math.max(newest, twinVersionOf(patch));",
      ),
    ],
  },
  {
    fault: "does not look at the twin after a renewal of its token",
    rule: "token-renewal",
    scenario: "token-renewal",
    edits: [edit("hub-session.ts", "reader.read().then(done, onLost);", "void done;")],
  },
  {
    fault: "takes null for a roll-back",
    rule: "null-stays",
    scenario: "null-and-absent",
    edits: [
      edit(
        "desired-change.ts",
        'if (state.update === undefined || state.update.phase === "proving") return unchanged(state);',
        'if (state.update === undefined) return { state, effects: [{ type: "rollBack", failure: { code: "BOOT_FAILED", message: "nothing is asked for" } }] };',
      ),
    ],
  },
  {
    fault: "obeys a section without rolloutId",
    rule: "null-stays",
    scenario: "null-and-absent",
    edits: [edit("firmware-request.ts", 'if (rolloutId === "") return undefined;', "")],
  },
  {
    fault: "does not hear of a take-back while it updates",
    rule: "take-back",
    scenario: "taken-back-before",
    edits: [
      edit(
        "desired-change.ts",
        "if (update !== undefined) {",
        "if (update !== undefined) {\n    return unchanged(state);",
      ),
    ],
  },
  {
    fault: "takes an attempt it returns to for a new one",
    rule: "return",
    scenario: "taken-back-after",
    edits: [
      edit("desired-change.ts", "const resumed = latch ?? firstContact;", "const resumed = firstContact;"),
    ],
  },
  {
    fault: "goes to no lower version",
    rule: "roll-back",
    scenario: "roll-back",
    edits: [
      edit(
        "updater.ts",
        "if (event.held) return askLeave(state, update);",
        'if (request.version < state.running.version) return failed({ code: "BELOW_FLOOR", message: "older" });\n  if (event.held) return askLeave(state, update);',
      ),
    ],
  },
  {
    fault: "dies of a malformed request",
    rule: "malformed",
    scenario: "malformed",
    edits: [
      edit("firmware-request.ts", "if (!parsed.success) {", "if (!parsed.success) {\n    process.exit(1);"),
    ],
  },
  {
    fault: "takes one rolloutId for two images",
    rule: "one-image",
    scenario: "one-id-two-images",
    edits: [
      edit(
        "desired-change.ts",
        "if (latch !== undefined && !sameImage(latch.asked, asked)) {",
        "if (Math.random() > 1) {",
      ),
    ],
  },
  {
    fault: "does not check the digest",
    rule: "digest",
    scenario: "wrong-digest",
    edits: [
      edit("download-try.ts", "if (sha256 !== request.sha256) {", "if (Math.random() > 1) {"),
      edit(
        "drivers/wasm/wasm-driver.ts",
        "if (verified !== undefined && verified !== sha256)",
        "if (Math.random() > 1)",
      ),
    ],
  },
  {
    fault: "asks for a missing image for ever",
    rule: "missing-image",
    scenario: "not-there",
    edits: [edit("download-try.ts", "new Set([408, 425,", "new Set([404, 408, 425,")],
  },
  {
    fault: "gives up when a download breaks off",
    rule: "broken-download",
    scenario: "broken-download",
    edits: [edit("download.ts", "const MOST_ROUNDS = 50;", "const MOST_ROUNDS = 1;")],
  },
  {
    fault: "does not check the signature",
    rule: "signature",
    scenario: "wrong-signature",
    edits: [edit("trust.ts", "if (!isSignedBy(signed, publicKey))", "if (Math.random() > 1)")],
  },
  {
    fault: "takes what was signed for another product",
    rule: "product",
    scenario: "other-product",
    edits: [edit("trust.ts", "if (product !== trust.product)", "if (Math.random() > 1)")],
  },
  {
    fault: "believes what stands beside the manifest",
    rule: "manifest",
    scenario: "other-than-signed",
    edits: [edit("trust.ts", "if (differences.length > 0)", "if (Math.random() > 1)")],
  },
  {
    fault: "has no floor",
    rule: "floor",
    scenario: "below-floor",
    edits: [
      edit("trust.ts", "if (floor !== undefined && semver.lt(version, floor))", "if (Math.random() > 1)"),
    ],
  },
  {
    fault: "stays on an image that fails its self-test",
    rule: "falls-back",
    scenario: "unhealthy",
    edits: [
      edit(
        "bring-up.ts",
        "if (boot.fellBack !== undefined || !(await driver.rollback(failure))) {",
        "if (Math.random() < 1) {",
      ),
    ],
  },
  {
    fault: "boots an image that hangs for ever",
    rule: "hang",
    scenario: "hangs",
    edits: [
      edit("bring-up.ts", "const HUNG_BOOTS = 3;", "const HUNG_BOOTS = Infinity;"),
      edit("drivers/driver.ts", "export const TRIAL_BOOTS = 3;", "export const TRIAL_BOOTS = Infinity;"),
    ],
  },
  {
    fault: "forgets in a power cut what it was about",
    rule: "power-cut",
    scenario: "cut-in-health-time",
    edits: [edit("agent.ts", SAVE, "save: () => Promise.resolve(),")],
  },
  {
    fault: "chatters: a sixth report",
    rule: "five-reports",
    scenario: "good-update",
    edits: [
      edit(
        "updater.ts",
        "return { state: next, effects: [...effects, hear] };",
        'return { state: next, effects: [{ type: "report", reported: { ...firmwareReport(next), fwUpdateStatus: "verifying" } }, ...effects, hear] };',
      ),
    ],
  },
  {
    fault: "storms a hub that throttles it",
    rule: "refused-report",
    scenario: "throttled",
    edits: [edit("hub-link.ts", "const REPORT_RETRY_MS = 30_000;", "const REPORT_RETRY_MS = 50;")],
  },
  {
    fault: "waits for ever for a hub that does not answer",
    rule: "silent-hub",
    scenario: "silent-to-a-report",
    edits: [
      edit(
        "answer-timeout.ts",
        "return await Promise.race([answer, late]);",
        "late.catch(() => undefined);\n    return await answer;",
      ),
    ],
  },
];
