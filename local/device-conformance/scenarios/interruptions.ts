import { setTimeout as delay } from "node:timers/promises";
import type { Attempt } from "../attempt.ts";
import type { Scenario } from "../scenario.ts";
import { isKind } from "../timeline.ts";
import type { Trial } from "../trial.ts";
import { ENDS } from "../twin-block.ts";
import { endsWell } from "./good-images.ts";

/** contactedAt has whole seconds: this much later, another contact shows. */
const NEXT_SECOND_MS = 1_100;

/** What a device does when its power, its line or its store fails it. */
export const INTERRUPTIONS: readonly Scenario[] = [
  {
    name: "cut-in-download",
    story: "The power goes while half of the image is there.",
    rules: ["power-cut"],
    needs: ["power"],
    run: async (trial) => {
      const attempt = trial.ask({ image: trial.images.good, mood: "holds" });
      trial.must("power-cut", await trial.fetching(attempt), "the image is fetched");
      await delay(NEXT_SECOND_MS);
      await trial.cutPower();
      attempt.served.mood = "good";
      trial.powerOn();
      await goesOn(trial, attempt);
    },
  },
  ...(["applying", "rebooting"] as const).map((status): Scenario => ({
    name: `cut-when-${status}`,
    story: `The power goes as soon as the device says that it is ${status}.`,
    rules: ["power-cut"],
    needs: ["power"],
    run: async (trial) => {
      const attempt = trial.ask({ image: trial.images.good });
      const said = await trial.report(
        attempt,
        ({ fwUpdateStatus, outcome }) => fwUpdateStatus === status || ENDS.has(outcome),
      );
      if (said?.fwUpdateStatus !== status) {
        trial.skip("power-cut", `the device does not say that it is ${status}`);
        return;
      }
      await trial.cutPower();
      trial.powerOn();
      await goesOn(trial, attempt);
    },
  })),
  {
    name: "cut-in-health-time",
    story: "The power goes in the middle of the health time.",
    rules: ["power-cut"],
    needs: ["power"],
    run: async (trial) => {
      const attempt = trial.ask({ image: trial.images.good });
      await trial.report(
        attempt,
        ({ fwUpdateStatus, outcome }) => fwUpdateStatus === "rebooting" || ENDS.has(outcome),
      );
      await delay(trial.times.healthMs / 2);
      await trial.cutPower();
      trial.powerOn();
      await goesOn(trial, attempt);
    },
  },
  {
    name: "cut-after-the-end",
    story: "The power goes once the update has ended well.",
    rules: ["latch-kept", "boot-id"],
    needs: ["power"],
    run: async (trial) => {
      const attempt = trial.ask({ image: trial.images.good });
      const end = await endsWell(trial, attempt);
      const requests = attempt.served.requests();
      await trial.cutPower();
      trial.powerOn();
      const up = await trial.nextReport(attempt, ({ bootId }) => bootId !== end.bootId);
      trial.must("boot-id", up !== undefined, "a report with a new bootId after the power cut");
      await trial.quiet();
      const { outcome, currentFwVersion, contactedAt } = trial.device.block();
      trial.expect(
        "latch-kept",
        outcome === "ok" && currentFwVersion === attempt.version && contactedAt === end.contactedAt,
        `still ok, on ${attempt.version}, with the contactedAt it had`,
      );
      trial.expect("latch-kept", attempt.served.requests() === requests, "nothing is fetched again");
    },
  },
  {
    name: "broken-download",
    story: "The store breaks off in the middle, and the next answer is whole.",
    rules: ["broken-download"],
    isSlow: true,
    run: async (trial) => {
      const attempt = trial.ask({ image: trial.images.good, mood: "breaks once" });
      await downloadsAfterAll(trial, attempt);
    },
  },
  {
    name: "no-ranges",
    story: "The power goes in a download, and the store knows no ranges afterwards.",
    rules: ["broken-download"],
    needs: ["power"],
    run: async (trial) => {
      const attempt = trial.ask({ image: trial.images.good, mood: "holds" });
      trial.must("broken-download", await trial.fetching(attempt), "the image is fetched");
      await trial.cutPower();
      attempt.served.mood = "no ranges";
      trial.powerOn();
      await downloadsAfterAll(trial, attempt);
    },
  },
  {
    name: "line-lost",
    story: "The line is lost during an update and comes back; nothing was asked meanwhile.",
    rules: ["rereads"],
    run: async (trial) => {
      const attempt = trial.ask({ image: trial.images.good, mood: "holds" });
      trial.must("rereads", await trial.fetching(attempt), "the image is fetched");
      await delay(NEXT_SECOND_MS);
      await backOnTheLine(trial, () => {
        trial.dropLine();
      });
      attempt.served.mood = "good";
      await endsWell(trial, attempt);
      trial.expect("ended-is-ended", attempt.served.requests() === 1, "one fetch, whatever was read again");
    },
  },
  {
    name: "told-while-away",
    story: "A request comes while the device is off the line, and another when it is back.",
    rules: ["rereads", "hears"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      const line = trial.holdLine();
      await offTheLine(trial);
      const missed = trial.ask({ image: good });
      line.release();
      const end = await trial.end(missed);
      trial.must("rereads", end?.outcome === "ok", "what was asked while it was away is obeyed");
      const live = trial.ask({ image: factory });
      const heard = await trial.report(live);
      trial.expect("hears", heard !== undefined, "a change on the new line is heard");
      if (heard !== undefined) await trial.end(live);
    },
  },
  {
    name: "changed-while-away",
    story: "The line is lost during a download, and what was asked for is taken back meanwhile.",
    rules: ["rereads", "take-back"],
    run: async (trial) => {
      const { factory, good } = trial.images;
      const attempt = trial.ask({ image: good, mood: "holds" });
      trial.must("rereads", await trial.fetching(attempt), "the image is fetched");
      const line = trial.holdLine();
      await offTheLine(trial);
      const back = trial.ask({ image: factory });
      line.release();
      const end = await trial.end(back);
      trial.must("rereads", end !== undefined, "what was asked while it was away is heard");
      attempt.served.mood = "good";
      await trial.quiet();
      trial.expect(
        "take-back",
        trial.device.block().currentFwVersion === factory.version,
        `stays on ${factory.version}: the download was taken back before the switch`,
      );
    },
  },
];

async function goesOn(trial: Trial, attempt: Attempt): Promise<void> {
  const end = await trial.end(attempt);
  trial.must(
    "power-cut",
    end?.outcome === "ok" && end.currentFwVersion === attempt.version,
    `ok after the power came back, and ${attempt.version} runs`,
  );
}

async function downloadsAfterAll(trial: Trial, attempt: Attempt): Promise<void> {
  const end = await trial.end(attempt);
  trial.must("broken-download", end?.outcome === "ok", "ok after all");
}

async function offTheLine(trial: Trial): Promise<void> {
  const lost = trial.timeline.all.findLastIndex(isKind("interfered"));
  await trial.timeline.until(isKind("disconnected"), { ms: trial.times.patienceMs, from: lost });
}

async function backOnTheLine(trial: Trial, lose: () => void): Promise<void> {
  const from = trial.timeline.all.length;
  lose();
  const read = await trial.timeline.until(isKind("twinRead"), { ms: trial.times.patienceMs, from });
  trial.must("rereads", read !== undefined, "the device connects again and reads the twin");
}
