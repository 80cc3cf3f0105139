import { setTimeout as delay } from "node:timers/promises";
import type { JsonValue } from "../../hub/json-value.ts";
import type { Scenario } from "../scenario.ts";
import { allOf, isKind } from "../timeline.ts";
import { text } from "../twin-block.ts";

/** Tries to report in the window of refusals over which it is a storm: five for the update's steps, and retries. */
const STORM = 10;
/** Real milliseconds reports are refused for. */
const REFUSING_MS = 8_000;
/** Reports that may be accepted afterwards: the newest, and one that was on its way. */
const TOLD_LATER = 2;
/** Life of a token, seconds: short enough for a renewal to be seen. */
const TOKEN_SECONDS = 4;
const RENEWALS_WAITED_MS = 20_000;

const MALFORMED: readonly (readonly [what: string, section: Readonly<Record<string, JsonValue>>])[] = [
  ["a version that is none", { fwVersion: "the newest" }],
  ["a number for a version", { fwVersion: 2 }],
  ["an address that is not https", { fwPackageURI: "http://localhost/image" }],
  ["a digest in capitals", { fwPackageCheckValue: "ABCDEF0123456789".repeat(4) }],
  ["a size that is text", { fwPackageSize: "large" }],
  ["a size beyond all flash", { fwPackageSize: 4_000_000_000_000 }],
];

/** Sections that name no attempt: nothing to obey, and nothing to fall over. */
const NAMELESS: readonly (readonly [what: string, section: JsonValue])[] = [
  ["a text in place of the section", "2.0.0"],
  ["a list in place of the section", [1, 2, 3]],
  ["an object in place of every field", { fwVersion: {}, fwPackageURI: [], rolloutId: { deep: true } }],
  ["a rolloutId of 4,000 characters", { rolloutId: "x".repeat(4_000) }],
];

/** What a device does when the hub refuses, is silent, or sends what it should not. */
export const HUB_TROUBLE: readonly Scenario[] = [
  {
    name: "malformed",
    story: "Sections with wrong types and sizes are sent, and a good one at the end.",
    rules: ["malformed"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      for (const [what, section] of MALFORMED) {
        const attempt = trial.ask({ image: good, section });
        const end = await trial.end(attempt);
        trial.must("malformed", end?.outcome === "failed", `${what}: outcome failed`);
        trial.expect("malformed", end?.errorCode === "DESIRED_INVALID", `${what}: errorCode DESIRED_INVALID`);
        trial.expect(
          "malformed",
          end?.currentFwVersion === factory.version,
          `${what}: stays on ${factory.version}`,
        );
      }
      for (const [what, section] of NAMELESS) {
        trial.desire(section, `sends ${what}`);
        const { boots, fetches } = await trial.quiet();
        trial.expect("malformed", boots === 0 && fetches === 0, `${what}: no boot, no fetch`);
      }
      const attempt = trial.ask({ image: good });
      const end = await trial.end(attempt);
      trial.must("malformed", end?.outcome === "ok", "a good request after all that ends in ok");
    },
  },
  {
    name: "throttled",
    story: "The hub refuses all reports (429) while an update runs, and takes them again later.",
    rules: ["refused-report"],
    isSlow: true,
    run: async (trial) => {
      const { times, timeline } = trial;
      using fault = trial.fault(
        { kind: "status", status: 429, match: { api: "mqtt", call: "reports" } },
        "answers reports with 429",
      );
      const attempt = trial.ask({ image: trial.images.good });
      const first = await timeline.until(isKind("reportRefused"), { ms: times.patienceMs });
      trial.must("refused-report", first !== undefined, "the device tries to report");
      await delay(REFUSING_MS);
      const tries = allOf(timeline.all, "reportRefused").length;
      trial.expect(
        "refused-report",
        tries <= STORM,
        `at most ${STORM} tries in ${REFUSING_MS / 1000} s (${tries} seen)`,
      );
      fault.remove();
      const from = timeline.all.length;
      const end = await trial.end(attempt);
      trial.must("refused-report", end?.outcome === "ok", "the end is told once reports are taken again");
      const told = allOf(timeline.all.slice(from), "report").length;
      trial.expect(
        "refused-report",
        told <= TOLD_LATER,
        `the newest is told and not all of them (${told} reports)`,
      );
    },
  },
  {
    name: "silent-to-a-report",
    story: "The hub takes a report and never answers it.",
    rules: ["silent-hub"],
    isSlow: true,
    run: async (trial) => {
      using fault = trial.fault(
        { kind: "no answer", match: { api: "mqtt", call: "reports" }, times: 1 },
        "does not answer the next report",
      );
      const attempt = trial.ask({ image: trial.images.good });
      const end = await trial.end(attempt);
      trial.must("silent-hub", end?.outcome === "ok", "the update comes to its end");
      trial.expect("silent-hub", fault.hits() === 1, "the device has reported");
    },
  },
  {
    name: "silent-to-a-read",
    story: "The line is lost, and the hub does not answer the first read of the twin.",
    rules: ["silent-hub"],
    isSlow: true,
    run: async (trial) => {
      using fault = trial.fault(
        { kind: "no answer", match: { api: "mqtt", call: "twinReads" }, times: 1 },
        "does not answer the next read of the twin",
      );
      trial.dropLine();
      await trial.timeline.until(
        isKind("twinRead", ({ status }) => status === "no answer"),
        { ms: trial.times.patienceMs },
      );
      trial.must("silent-hub", fault.hits() === 1, "the twin is read after the line came back");
      const attempt = trial.ask({ image: trial.images.good });
      const end = await trial.end(attempt);
      trial.must("silent-hub", end?.outcome === "ok", "what is asked afterwards is obeyed");
    },
  },
  {
    name: "token-renewal",
    story: `Tokens are good for ${TOKEN_SECONDS} s; a request comes while the device is off the line to renew one.`,
    rules: ["token-renewal"],
    needs: ["power"],
    isSlow: true,
    run: async (trial) => {
      const { timeline, images } = trial;
      await trial.cutPower();
      const from = timeline.all.length;
      trial.powerOn({ DEVICE_TOKEN_SECONDS: String(TOKEN_SECONDS) });
      // Nothing but a renewal takes it off the line. Nobody queues for whoever is away.
      const renewing = await timeline.until(isKind("disconnected"), { ms: RENEWALS_WAITED_MS, from });
      if (renewing === undefined) {
        trial.skip(
          "token-renewal",
          `no renewal in ${RENEWALS_WAITED_MS / 1000} s: DEVICE_TOKEN_SECONDS is not honoured`,
        );
        return;
      }
      const attempt = trial.ask({ image: images.good });
      const contact = await trial.report(attempt);
      trial.must("token-renewal", contact !== undefined, "what was asked during the renewal is heard");
      const end = await trial.end(attempt);
      trial.expect("token-renewal", end?.outcome === "ok", `ok in the end, not ${text(end?.outcome)}`);
    },
  },
];
