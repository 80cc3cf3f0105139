import { expect, it } from "vitest";
import { attemptFindings } from "../../../local/device-conformance/attempt-rules.ts";
import type { Attempt } from "../../../local/device-conformance/attempt.ts";
import { imageOf } from "../../../local/device-conformance/images.ts";
import type { Happening, Untimed } from "../../../local/device-conformance/timeline.ts";
import type { Trial } from "../../../local/device-conformance/trial.ts";

const image = imageOf(Buffer.from("image"), "2.0.0");
const attempt = { rolloutId: "one", version: "2.0.0", image, served: { path: "/2" } } as Attempt;

/** The findings about ok and the health time of one second, of what happened at these milliseconds. */
function okAfterHealth(...happened: readonly (readonly [atMs: number, Untimed<Happening>])[]): boolean[] {
  const all = happened.map(([atMs, happening]): Happening => ({ atMs, ...happening }));
  // The parts of a trial that these rules look at.
  const trial = {
    timeline: { all },
    device: { had: new Set([image.sha256]) },
    images: { factory: imageOf(Buffer.from("born"), "1.0.0") },
    times: { healthMs: 1_000 },
  } as unknown as Trial;
  return attemptFindings(trial, attempt)
    .filter(({ rule }) => rule === "ok-after-health")
    .map(({ isKept }) => isKept);
}

const report = (outcome: string, fwUpdateStatus: string): Untimed<Happening> => ({
  kind: "report",
  block: { rolloutId: "one", outcome, fwUpdateStatus, currentFwVersion: "2.0.0" },
});
const ASKED: Untimed<Happening> = { kind: "asked", what: "asks", run: true };
const CONNECTED: Untimed<Happening> = { kind: "connected" };
const FETCHED: Untimed<Happening> = { kind: "fetchEnded", path: "/2", status: 200, bytes: 5, whole: true };
const REBOOTS = report("contacted", "rebooting");
const OK = report("ok", "current");

it("counts the health time from the reboot that is told on the line the image was fetched on", () => {
  expect(okAfterHealth([0, CONNECTED], [1, ASKED], [100, FETCHED], [600, REBOOTS], [1_700, OK])).toEqual([
    true,
  ]);
  expect(okAfterHealth([0, CONNECTED], [1, ASKED], [100, FETCHED], [900, REBOOTS], [1_700, OK])).toEqual([
    false,
  ]);
});

it("counts it from before, when the reboot is told late, on a new line", () => {
  expect(okAfterHealth([0, ASKED], [100, FETCHED], [800, CONNECTED], [900, REBOOTS], [1_150, OK])).toEqual([
    true,
  ]);
  expect(okAfterHealth([0, ASKED], [700, FETCHED], [800, CONNECTED], [900, REBOOTS], [1_150, OK])).toEqual([
    false,
  ]);
});
