import type { Attempt } from "../attempt.ts";
import type { Scenario } from "../scenario.ts";
import { isKind } from "../timeline.ts";
import type { Block } from "../twin-block.ts";
import type { Trial } from "../trial.ts";

/** What a device does that is asked for images that work, or for none. */
export const GOOD_IMAGES: readonly Scenario[] = [
  {
    name: "first-start",
    story: "A device comes to the hub for the first time, and nothing is asked of it.",
    rules: ["start-report"],
    needs: ["power"],
    run: async (trial) => {
      const { images } = trial;
      const first = await trial.report(undefined);
      trial.must("start-report", first !== undefined, "a report without being asked anything");
      trial.expect(
        "start-report",
        first?.currentFwVersion === images.factory.version && first.outcome === "" && first.rolloutId === "",
        `currentFwVersion ${images.factory.version}, rolloutId and outcome empty`,
      );
      const { reports } = await trial.quiet();
      trial.expect("five-reports", reports === 0, "no more reports while nothing is asked");
    },
  },
  {
    name: "good-update",
    story: "A good image is asked for, fetched, booted and proven.",
    rules: ["ok-means-runs", "boot-id", "contact-first"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      const before = trial.device.block();
      const attempt = trial.ask({ image: good });
      const contact = await trial.report(attempt);
      trial.must("contact-first", contact !== undefined, "a report about the attempt");
      trial.expect(
        "contact-first",
        contact?.outcome === "contacted" && contact.fromVersion === factory.version,
        `contacted, fromVersion ${factory.version}`,
      );
      const end = await endsWell(trial, attempt);
      trial.expect("ok-means-runs", end.fwHealth === "healthy", "fwHealth healthy beside ok");
      trial.expect("boot-id", end.bootId !== before.bootId, "another bootId than before the update");
    },
  },
  {
    name: "two-updates",
    story: "Two updates, one after the other, without a power cut between.",
    rules: ["contact-once"],
    needs: ["next"],
    run: async (trial) => {
      const { good, next } = trial.images;
      await endsWell(trial, trial.ask({ image: good }));
      if (next === undefined) return;
      const end = await endsWell(trial, trial.ask({ image: next }));
      trial.expect("contact-once", end.fromVersion === good.version, `fromVersion ${good.version}`);
    },
  },
  {
    name: "already-runs",
    story: "What runs already is asked for by a new attempt.",
    rules: ["already-runs"],
    run: async (trial) => {
      const { factory } = trial.images;
      const attempt = trial.ask({ image: factory });
      const end = await trial.end(attempt);
      trial.must("already-runs", end?.outcome === "ok-already", "outcome ok-already");
      await onlyOneReport(trial, "already-runs");
      trial.expect("already-runs", attempt.served.requests() === 0, "nothing is fetched");
    },
  },
  {
    name: "factory-newer",
    story: "A device fresh from the factory is asked for an older version.",
    rules: ["factory-newer"],
    needs: ["power"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      const attempt = trial.ask({ image: good, version: "0.0.1" });
      const end = await trial.end(attempt);
      trial.must("factory-newer", end?.outcome === "newer", "outcome newer");
      await onlyOneReport(trial, "factory-newer");
      trial.expect("factory-newer", attempt.served.requests() === 0, "nothing is fetched");
      trial.expect("factory-newer", end?.currentFwVersion === factory.version, `stays on ${factory.version}`);
    },
  },
  {
    name: "duplicates",
    story: "The same section is sent again and again, while the update runs and after its end.",
    rules: ["ended-is-ended"],
    run: async (trial) => {
      const attempt = trial.ask({ image: trial.images.good, mood: "holds" });
      trial.must("ended-is-ended", await trial.fetching(attempt), "the image is fetched");
      trial.repeat(attempt);
      const during = await trial.quiet();
      trial.expect(
        "ended-is-ended",
        during.fetches === 0 && during.boots === 0,
        "no second fetch when the section comes again during the download",
      );
      attempt.served.mood = "good";
      await endsWell(trial, attempt);
      for (let times = 0; times < 3; times++) trial.repeat(attempt);
      const { reports, fetches, boots } = await trial.quiet();
      trial.expect(
        "ended-is-ended",
        reports === 0 && fetches === 0 && boots === 0,
        "no report, no fetch and no boot when the section comes again after the end",
      );
    },
  },
  {
    name: "null-and-absent",
    story: "The section is taken away, by null and by one without rolloutId, at rest and during a download.",
    rules: ["null-stays"],
    run: async (trial) => {
      const { factory, good, next } = trial.images;
      const attempt = trial.ask({ image: good });
      await endsWell(trial, attempt);
      trial.desire(null, "sends null in place of the section");
      await staysOn(trial, { version: good.version, after: "null" });
      const named = Object.entries(trial.prepare({ image: factory }).section);
      const nameless = named.filter(([name]) => name !== "rolloutId");
      trial.desire(Object.fromEntries(nameless), "sends a section without rolloutId");
      await staysOn(trial, { version: good.version, after: "a section without rolloutId" });
      if (next === undefined) {
        trial.skip("null-stays", "without --image next no download is under way");
        return;
      }
      const held = trial.ask({ image: next, mood: "holds" });
      trial.must("null-stays", await trial.fetching(held), "the next image is fetched");
      trial.desire(null, "sends null during the download");
      await trial.quiet();
      held.served.mood = "good";
      await staysOn(trial, { version: good.version, after: "null came during the download" });
    },
  },
];

/** The attempt ends in ok and its image runs. */
export async function endsWell(trial: Trial, attempt: Attempt): Promise<Block> {
  const end = await trial.end(attempt);
  trial.must(
    "ok-means-runs",
    end?.outcome === "ok" && end.currentFwVersion === attempt.image.version,
    `${attempt.rolloutId} ends in ok, and ${attempt.image.version} runs`,
  );
  return end ?? {};
}

async function onlyOneReport(trial: Trial, rule: "already-runs" | "factory-newer"): Promise<void> {
  const { bootId } = trial.device.block();
  await trial.quiet();
  const asked = trial.timeline.all.findIndex(isKind("asked"));
  const reports = trial.timeline.all.slice(asked).filter(isKind("report"));
  trial.expect(rule, reports.length === 1, "one report");
  trial.expect(rule, trial.device.block().bootId === bootId, "no boot");
}

async function staysOn(
  trial: Trial,
  { version, after }: { readonly version: string; readonly after: string },
): Promise<void> {
  const { fetches, boots } = await trial.quiet();
  const { currentFwVersion, fwUpdateStatus } = trial.device.block();
  trial.expect(
    "null-stays",
    fetches === 0 && boots === 0 && currentFwVersion === version && fwUpdateStatus === "current",
    `after ${after}: stays on ${version}, status current, nothing fetched, no boot`,
  );
}
