import type { Attempt } from "../attempt.ts";
import type { Scenario } from "../scenario.ts";
import type { Trial } from "../trial.ts";
import { ENDS, text, type Block } from "../twin-block.ts";
import { endsWell } from "./good-images.ts";

/** What a device does when an attempt is taken back, repeated or mixed up with another. */
export const CHANGES_OF_MIND: readonly Scenario[] = [
  {
    name: "taken-back-before",
    story: "A release is taken back while its image is being fetched.",
    rules: ["take-back"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      const { bootId } = trial.device.block();
      const attempt = trial.ask({ image: good, mood: "holds" });
      trial.must("take-back", await trial.fetching(attempt), "the image is fetched");
      const back = trial.ask({ image: factory });
      const end = await trial.end(back);
      attempt.served.mood = "good";
      trial.must(
        "take-back",
        end?.outcome === "ok-already",
        `ok-already for ${factory.version}, which still runs`,
      );
      await trial.quiet();
      const after = trial.device.block();
      trial.expect(
        "take-back",
        after.currentFwVersion === factory.version && after.bootId === bootId,
        `stays on ${factory.version} when the download could go on, no boot`,
      );
    },
  },
  {
    name: "taken-back-in-health-time",
    story: "A release is taken back while its image is on trial.",
    rules: ["take-back"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      const attempt = trial.ask({ image: good });
      const booting = await trial.report(
        attempt,
        ({ fwUpdateStatus, outcome }) => fwUpdateStatus === "rebooting" || ENDS.has(outcome),
      );
      trial.must("take-back", booting !== undefined, "the image is applied");
      const back = trial.ask({ image: factory });
      const end = await trial.end(back);
      trial.must(
        "take-back",
        end !== undefined && end.outcome !== "failed" && end.currentFwVersion === factory.version,
        `the take-back ends well, and ${factory.version} runs`,
      );
    },
  },
  {
    name: "taken-back-after",
    story: "The baseline is asked for, then a release, then the same baseline attempt again.",
    rules: ["return"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      const baseline = trial.ask({ image: factory });
      const first = await trial.end(baseline);
      trial.must("already-runs", first?.outcome === "ok-already", "outcome ok-already");
      await endsWell(trial, trial.ask({ image: good }));
      await returns(trial, baseline, first ?? {});
    },
  },
  {
    name: "return",
    story: "Two releases, then the first attempt again.",
    rules: ["return"],
    needs: ["next"],
    run: async (trial) => {
      const { good, next } = trial.images;
      const first = trial.ask({ image: good });
      const before = await endsWell(trial, first);
      if (next !== undefined) await endsWell(trial, trial.ask({ image: next }));
      await returns(trial, first, before);
    },
  },
  {
    name: "roll-back",
    story: "A release, then a new attempt for the version before it.",
    rules: ["roll-back"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      await endsWell(trial, trial.ask({ image: good }));
      const end = await trial.end(trial.ask({ image: factory }));
      trial.must(
        "roll-back",
        end?.outcome === "ok" && end.currentFwVersion === factory.version,
        `ok, and ${factory.version} runs`,
      );
      trial.expect("roll-back", end?.fromVersion === good.version, `fromVersion ${good.version}`);
    },
  },
  {
    name: "failed-then-runs",
    story: "An attempt fails for want of its image; asked for again after another, it works.",
    rules: ["latch", "recovered"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      const attempt = trial.ask({ image: good, mood: 404 });
      const failed = await trial.end(attempt);
      trial.must("missing-image", failed?.outcome === "failed", "outcome failed");
      await trial.end(trial.ask({ image: factory }));
      attempt.served.mood = "good";
      trial.askAgain(attempt);
      const runs = await trial.report(attempt, ({ currentFwVersion }) => currentFwVersion === good.version);
      trial.must("recovered", runs !== undefined, `${good.version} runs after all`);
      await trial.quiet();
      const { outcome, recovered } = trial.device.block();
      trial.expect("latch", outcome === "failed", `still failed, though ${good.version} runs`);
      trial.expect("recovered", recovered === true, "recovered true beside it");
    },
  },
  {
    name: "one-id-two-images",
    story: "The rolloutId of an attempt that ended well comes with another image.",
    rules: ["one-image"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      const first = trial.ask({ image: good });
      await endsWell(trial, first);
      const { rolloutId } = first;
      const reused = trial.ask({ image: factory, rolloutId });
      const end = await trial.end(reused);
      trial.must("one-image", end?.outcome === "failed", "outcome failed");
      trial.expect("one-image", end?.errorCode === "DESIRED_CHANGED", "errorCode DESIRED_CHANGED");
      await trial.quiet();
      trial.expect(
        "one-image",
        trial.device.block().currentFwVersion === good.version,
        `stays on ${good.version}`,
      );
    },
  },
];

/** An attempt that had ended is given again: its image runs, and it is told as it was. */
async function returns(trial: Trial, attempt: Attempt, before: Block): Promise<void> {
  trial.askAgain(attempt);
  const told = await trial.report(attempt);
  trial.must("return", told !== undefined, "the earlier attempt is told again");
  trial.expect(
    "return",
    told?.currentFwVersion === attempt.image.version,
    `it is told once ${attempt.image.version} really runs`,
  );
  trial.expect(
    "return",
    (["outcome", "contactedAt", "fromVersion"] as const).every((name) => told?.[name] === before[name]),
    `outcome ${text(before.outcome)}, contactedAt ${text(before.contactedAt)}, fromVersion ${text(before.fromVersion)}`,
  );
}
