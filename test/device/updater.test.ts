import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../device/failure.ts";
import { LATCH_LIMIT } from "../../device/latch.ts";
import type { PaperAttempt, PaperImage } from "./paper-device.ts";
import { desiredFor, digest, PaperDevice } from "./paper-device.ts";

const V1: PaperImage = { sha256: digest("1"), states: "1.0.0" };
const V2: PaperImage = { sha256: digest("2"), states: "2.0.0" };
const V3: PaperImage = { sha256: digest("3"), states: "3.0.0" };
const DEAD: PaperImage = { sha256: digest("d"), states: "2.1.0", boots: false };
const SICK: PaperImage = { sha256: digest("e"), states: "2.2.0", staysWell: false };
const IMAGES = [V1, V2, V3, DEAD, SICK];

const attempt = (image: PaperImage, change: Partial<PaperAttempt> = {}): PaperAttempt => ({
  rolloutId: `fw--thermostat--${image.states.replaceAll(".", "-")}--1`,
  version: image.states,
  image,
  ...change,
});
const baseline = attempt(V1);
const release = attempt(V2);

function device(factory: PaperImage = V1): PaperDevice {
  return new PaperDevice(factory, IMAGES).settle();
}
function updated(...attempts: readonly PaperAttempt[]): PaperDevice {
  const d = device();
  for (const one of attempts) {
    d.hear(desiredFor(one));
    d.settle();
  }
  return d;
}
/** Perform what waits until the updater is in that phase. */
function until(d: PaperDevice, phase: string): PaperDevice {
  while (d.state.update?.phase !== phase) if (!d.act()) throw new Error(`never ${phase}`);
  return d;
}

describe("an update", () => {
  it("tells contact, downloading, applying, rebooting and the end: five reports", () => {
    const d = device();
    d.reports.length = 0;
    d.hear(desiredFor(release));
    d.settle();
    expect(
      d.reports.map((r) => [r.outcome, r.fwUpdateStatus, r.pendingFwVersion, r.currentFwVersion]),
    ).toEqual([
      ["contacted", "current", "", "1.0.0"],
      ["contacted", "downloading", "2.0.0", "1.0.0"],
      ["contacted", "applying", "2.0.0", "1.0.0"],
      ["contacted", "rebooting", "2.0.0", "1.0.0"],
      ["ok", "current", "", "2.0.0"],
    ]);
    expect(d.last).toMatchObject({
      fromVersion: "1.0.0",
      fwHealth: "healthy",
      errorCode: "",
      bootId: "boot-2",
    });
    expect(d.last.lastFwUpdateEndTime > d.last.lastFwUpdateStartTime).toBe(true);
  });

  it("acknowledges contact before it looks at what is asked", () => {
    const d = device();
    d.hear({ rolloutId: "fw--x--1-0-0--1", fwPackageURI: 7 });
    d.act();
    expect(d.last).toMatchObject({ rolloutId: "fw--x--1-0-0--1", outcome: "contacted" });
    d.settle();
    expect(d.last).toMatchObject({ outcome: "failed", errorCode: "DESIRED_INVALID" });
    expect(d.last.fwUpdateSubstatus).toContain("fwPackageURI");
  });

  it("hears the same request once", () => {
    const d = updated(release);
    const before = { state: d.state, reports: d.reports.length };
    d.hear(desiredFor(release));
    d.settle();
    expect(d.state).toBe(before.state);
    expect(d.reports).toHaveLength(before.reports);
  });

  it("does not download what the other slot holds", () => {
    const d = updated(release);
    d.reports.length = 0;
    d.hear(desiredFor(attempt(V1, { rolloutId: "fw--thermostat--1-0-0--2" })));
    d.settle();
    expect(d.reports.map((r) => r.fwUpdateStatus)).toEqual(["current", "applying", "rebooting", "current"]);
    expect(d.last).toMatchObject({ currentFwVersion: "1.0.0", outcome: "ok" });
  });

  it.each<[string, object]>([
    ["http", { fwPackageURI: "http://images.example/x" }],
    ["no address", { fwPackageURI: "" }],
    ["a digest in capitals", { fwPackageCheckValue: "A".repeat(64) }],
    ["a short digest", { fwPackageCheckValue: "1234" }],
    ["no size", { fwPackageSize: 0 }],
    ["a size above all bounds", { fwPackageSize: 2 ** 40 }],
    ["a size as text", { fwPackageSize: "1000" }],
    ["a version that is none", { fwVersion: "latest" }],
    ["an endless version", { fwVersion: `1.0.0-${"a".repeat(5000)}` }],
  ])("refuses %s", (_, change) => {
    const d = device();
    d.hear(desiredFor(release, change));
    d.settle();
    expect(d.last).toMatchObject({
      outcome: "failed",
      fwUpdateStatus: "error",
      errorCode: "DESIRED_INVALID",
    });
    expect(d.running).toBe(V1);
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["nothing", undefined],
    ["text", "2.0.0"],
    ["no rolloutId", desiredFor(release, { rolloutId: "" })],
    ["an endless rolloutId", desiredFor(release, { rolloutId: "x".repeat(129) })],
  ])("stays on what runs when the section is %s", (_, section) => {
    const d = device();
    const reports = d.reports.length;
    d.hear(section);
    d.settle();
    expect(d.reports).toHaveLength(reports);
    expect(d.running).toBe(V1);
  });
});

describe("an update that fails", () => {
  it.each<ErrorCode>(["DOWNLOAD_FAILED", "SIZE_MISMATCH", "DIGEST_MISMATCH", "WRITE_FAILED"])(
    "stays on the old image and says %s",
    (code) => {
      const d = device();
      d.fetchFails = code;
      d.hear(desiredFor(release));
      d.settle();
      expect(d.last).toMatchObject({
        outcome: "failed",
        fwUpdateStatus: "error",
        errorCode: code,
        currentFwVersion: "1.0.0",
        pendingFwVersion: "",
      });
    },
  );

  it("is rolled back when the new image does not come up", () => {
    const d = updated(attempt(DEAD));
    expect(d.last).toMatchObject({
      outcome: "failed",
      fwUpdateStatus: "rolledback",
      errorCode: "SELF_TEST_FAILED",
      currentFwVersion: "1.0.0",
    });
    expect(d.reports.filter(({ rolloutId }) => rolloutId !== "")).toHaveLength(5);
  });

  it("is rolled back when the new image does not stay well", () => {
    const d = updated(attempt(SICK));
    expect(d.last).toMatchObject({
      outcome: "failed",
      fwUpdateStatus: "rolledback",
      errorCode: "HEALTH_FAILED",
      currentFwVersion: "1.0.0",
    });
  });

  it("is not tried again until something else was asked for", () => {
    const d = updated(attempt(DEAD));
    const boots = d.last.bootId;
    d.hear(desiredFor(attempt(DEAD)));
    d.settle();
    d.powerOn();
    d.hear(desiredFor(attempt(DEAD)));
    d.settle();
    expect(d.last).toMatchObject({ outcome: "failed", errorCode: "SELF_TEST_FAILED" });
    expect([boots, d.last.bootId]).toEqual(["boot-2", "boot-3"]);
  });

  it("says what runs when the image states another version than was asked for", () => {
    const d = updated(attempt(V2, { version: "3.0.0", rolloutId: "mislabelled" }));
    expect(d.last).toMatchObject({
      outcome: "failed",
      errorCode: "VERSION_MISMATCH",
      currentFwVersion: "2.0.0",
    });
  });

  it("fetches nothing when the very image that runs is asked for under another version", () => {
    const d = device();
    d.hear(desiredFor(attempt(V1, { version: "1.5.0", rolloutId: "renamed" })));
    d.settle();
    expect(d.last).toMatchObject({ outcome: "failed", errorCode: "VERSION_MISMATCH", bootId: "boot-1" });
  });

  it("refuses one rolloutId for two images", () => {
    const d = updated(release, attempt(V3, { rolloutId: release.rolloutId }));
    expect(d.last).toMatchObject({
      outcome: "failed",
      errorCode: "DESIRED_CHANGED",
      currentFwVersion: "2.0.0",
    });
  });
});

describe("a device with nothing to do", () => {
  it("is ok-already when it runs that version and digest, in one report", () => {
    const d = device();
    d.reports.length = 0;
    d.hear(desiredFor(baseline));
    d.settle();
    expect(d.reports).toHaveLength(1);
    expect(d.last).toMatchObject({ outcome: "ok-already", fromVersion: "1.0.0", fwUpdateStatus: "current" });
  });

  it("is newer, and stays, when it left the factory with more", () => {
    const d = device(V3);
    d.hear(desiredFor(release));
    d.settle();
    expect(d.last).toMatchObject({ outcome: "newer", currentFwVersion: "3.0.0" });
    expect(d.running).toBe(V3);
  });

  it("goes back when the newer version came by a rollout", () => {
    const d = updated(attempt(V3), release);
    expect(d.last).toMatchObject({ outcome: "ok", currentFwVersion: "2.0.0", fromVersion: "3.0.0" });
  });
});

describe("a take-back", () => {
  it("is obeyed before the pointer is switched, even when it arrives at the last moment", () => {
    const d = updated(baseline);
    d.hear(desiredFor(release));
    until(d, "downloading");
    d.whileReporting.push(desiredFor(baseline));
    d.settle();
    expect(d.reports.at(-2)).toMatchObject({ rolloutId: release.rolloutId, fwUpdateStatus: "applying" });
    expect(d.running).toBe(V1);
    expect(d.last).toMatchObject({
      rolloutId: baseline.rolloutId,
      outcome: "ok-already",
      fwUpdateStatus: "current",
    });
  });

  it("waits for the boot when the pointer is being switched", () => {
    const d = updated(baseline);
    d.hear(desiredFor(release));
    until(d, "applying");
    d.hear(desiredFor(baseline));
    d.settle();
    expect(d.running).toBe(V1);
    expect(d.last).toMatchObject({ rolloutId: baseline.rolloutId, outcome: "ok-already" });
  });

  it("reports the release until the old version really runs, then the old attempt as it was", () => {
    const d = updated(baseline);
    const first = d.last;
    d.hear(desiredFor(release));
    d.settle();
    d.reports.length = 0;
    d.hear(desiredFor(baseline));
    d.settle();
    expect(d.reports.map((r) => [r.rolloutId, r.outcome, r.currentFwVersion])).toEqual([
      [release.rolloutId, "ok", "2.0.0"],
      [release.rolloutId, "ok", "2.0.0"],
      [baseline.rolloutId, "ok-already", "1.0.0"],
    ]);
    expect(d.last).toMatchObject({ contactedAt: first.contactedAt, fromVersion: first.fromVersion });
  });

  it("to a version whose image has gone from both slots downloads it again", () => {
    const d = updated(baseline, release, attempt(V3));
    d.hear(desiredFor(baseline));
    d.settle();
    expect(d.last).toMatchObject({
      rolloutId: baseline.rolloutId,
      outcome: "ok-already",
      currentFwVersion: "1.0.0",
    });
  });

  it("to an attempt never seen is a contact like any other", () => {
    const d = updated(release);
    d.hear(desiredFor(baseline));
    d.settle();
    expect(d.last).toMatchObject({ rolloutId: baseline.rolloutId, outcome: "ok", fromVersion: "2.0.0" });
  });

  it("after a failure the device recovered from by itself tells the old attempt at once", () => {
    const d = updated(baseline, attempt(DEAD));
    d.reports.length = 0;
    d.hear(desiredFor(baseline));
    d.settle();
    expect(d.reports).toHaveLength(1);
    expect(d.last).toMatchObject({
      rolloutId: baseline.rolloutId,
      outcome: "ok-already",
      currentFwVersion: "1.0.0",
    });
  });

  it("that fails on its way makes the old attempt a failure", () => {
    const d = updated(baseline, release, attempt(V3));
    d.fetchFails = "DOWNLOAD_FAILED";
    d.hear(desiredFor(baseline));
    d.settle();
    expect(d.last).toMatchObject({
      rolloutId: baseline.rolloutId,
      outcome: "failed",
      currentFwVersion: "3.0.0",
    });
  });

  it("heard while the new image proves itself is obeyed at once", () => {
    const d = updated(baseline);
    d.hear(desiredFor(release));
    until(d, "proving");
    d.hear(desiredFor(baseline));
    d.settle();
    expect(d.running).toBe(V1);
    expect(d.state.latches.find(({ rolloutId }) => rolloutId === release.rolloutId)?.outcome).toBe(
      "contacted",
    );
  });

  it("by an empty section gives up a download and touches nothing after that", () => {
    const d = device();
    d.hear(desiredFor(release));
    until(d, "downloading");
    d.hear(null);
    d.settle();
    expect(d.running).toBe(V1);
    expect(d.last).toMatchObject({ outcome: "contacted", fwUpdateStatus: "current", pendingFwVersion: "" });
    const { contactedAt } = d.last;
    d.hear(desiredFor(release));
    d.settle();
    expect(d.last).toMatchObject({ outcome: "ok", contactedAt });
  });
});

describe("the latch", () => {
  it("keeps a failure when the attempt succeeds later, and says that it recovered", () => {
    const d = device();
    d.fetchFails = "DOWNLOAD_FAILED";
    d.hear(desiredFor(release));
    d.settle();
    const first = d.last;
    d.fetchFails = undefined;
    d.hear(desiredFor(baseline));
    d.hear(desiredFor(release));
    d.settle();
    expect(d.last).toMatchObject({
      rolloutId: release.rolloutId,
      outcome: "failed",
      recovered: true,
      currentFwVersion: "2.0.0",
      contactedAt: first.contactedAt,
    });
  });

  it("turns ok into failed when the image is lost later", () => {
    const d = updated(release);
    d.running = V1;
    d.powerOn();
    d.settle();
    expect(d.last).toMatchObject({
      rolloutId: release.rolloutId,
      outcome: "failed",
      fwUpdateStatus: "rolledback",
      errorCode: "BOOT_FAILED",
      currentFwVersion: "1.0.0",
    });
  });

  it(`remembers ${LATCH_LIMIT} attempts and no more`, () => {
    const d = updated(baseline);
    for (let n = 2; n < LATCH_LIMIT + 5; n++) {
      d.hear(desiredFor(attempt(V1, { rolloutId: `fw--thermostat--1-0-0--${n}` })));
      d.settle();
    }
    expect(d.state.latches).toHaveLength(LATCH_LIMIT);
  });
});

describe("an image that opens with a key", () => {
  const onDemand = (attempt: PaperAttempt): object => desiredFor(attempt, { fwAccess: "on-demand" });

  it("is wanted from the report that it is fetched until it is verified, in no report more", () => {
    const d = device();
    d.reports.length = 0;
    d.hear(onDemand(release));
    d.settle();
    expect(d.reports.map(({ fwUpdateStatus, fwSource }) => [fwUpdateStatus, fwSource])).toEqual([
      ["current", ""],
      ["downloading", "wanted"],
      ["applying", ""],
      ["rebooting", ""],
      ["current", ""],
    ]);
    expect(d.reports[1]?.fwUpdateSubstatus).toBe("waits for access to 1000 bytes");
    expect(d.reports[1]?.pendingFwVersion).toBe("2.0.0");
  });

  it("is wanted no longer once it is given up", () => {
    const d = device();
    d.fetchFails = "DOWNLOAD_DENIED";
    d.hear(onDemand(release));
    d.settle();
    expect(d.last).toMatchObject({ fwSource: "", outcome: "failed", errorCode: "DOWNLOAD_DENIED" });
  });

  it("is never wanted where the other slot holds it, nor where the request says nothing", () => {
    const d = device();
    d.hear(desiredFor(release));
    d.settle();
    d.hear(onDemand({ ...baseline, rolloutId: "back" }));
    d.settle();
    expect(d.last).toMatchObject({ currentFwVersion: "1.0.0" });
    expect(d.reports.every(({ fwSource }) => fwSource === "")).toBe(true);
  });

  it("cannot be asked for in a way the device does not know", () => {
    const d = device();
    d.hear(desiredFor(release, { fwAccess: "by-mail" }));
    d.settle();
    expect(d.last).toMatchObject({ errorCode: "DESIRED_INVALID", fwSource: "" });
  });
});
