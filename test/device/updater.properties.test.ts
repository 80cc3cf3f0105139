import { fc, test } from "@fast-check/vitest";
import semver from "semver";
import { describe, expect } from "vitest";
import type { ErrorCode } from "../../device/failure.ts";
import type { Latch } from "../../device/device-state.ts";
import type { PaperAttempt, PaperImage } from "./paper-device.ts";
import { desiredFor, digest, PaperDevice } from "./paper-device.ts";
import { aMaker, type Maker } from "./maker.ts";

const image = (digit: string, states: string, change: Partial<PaperImage> = {}): PaperImage => ({
  sha256: digest(digit),
  states,
  ...change,
});
const BIRTH = image("0", "1.0.0");
const IMAGES: readonly PaperImage[] = [
  BIRTH,
  image("1", "1.1.0"),
  image("2", "1.2.0", { boots: false }),
  image("3", "1.3.0", { staysWell: false }),
  image("4", "1.4.0"),
];
const ATTEMPTS: readonly PaperAttempt[] = [
  ...IMAGES.map((one) => ({ rolloutId: `try-1-of-${one.states}`, version: one.states, image: one })),
  { rolloutId: "try-2-of-1.1.0", version: "1.1.0", image: IMAGES[1]! },
  { rolloutId: "mislabelled", version: "9.0.0", image: IMAGES[1]! },
];

type Command =
  | { readonly kind: "hear" | "hearWhileReporting"; readonly attempt: number }
  | { readonly kind: "stay" | "garbage" }
  | { readonly kind: "powerCut"; readonly afterEffect: number }
  | { readonly kind: "act"; readonly times: number }
  | { readonly kind: "fetch"; readonly fails: ErrorCode | undefined };

const hear = fc.record({
  kind: fc.constantFrom("hear" as const, "hearWhileReporting" as const),
  attempt: fc.nat({ max: ATTEMPTS.length - 1 }),
});
const act = fc.record({ kind: fc.constant("act" as const), times: fc.constantFrom(1, 2, 3, 5, 8, 100) });
const stay = fc.record({ kind: fc.constantFrom("stay" as const, "garbage" as const) });
const fetch = fc.record({
  kind: fc.constant("fetch" as const),
  fails: fc.constantFrom<ErrorCode | undefined>(undefined, undefined, "DOWNLOAD_FAILED", "DIGEST_MISMATCH"),
});
const powerCut = fc.record({ kind: fc.constant("powerCut" as const), afterEffect: fc.nat({ max: 3 }) });

const withoutCuts = fc.array(
  fc.oneof<fc.Arbitrary<Command>[]>(hear, hear, hear, act, act, act, stay, fetch),
  {
    minLength: 3,
    maxLength: 40,
    size: "max",
  },
);
const withCuts = fc.array(
  fc.oneof<fc.Arbitrary<Command>[]>(hear, hear, hear, act, act, act, stay, fetch, powerCut),
  {
    minLength: 3,
    maxLength: 40,
    size: "max",
  },
);

function run(commands: readonly Command[]): PaperDevice {
  const d = new PaperDevice(BIRTH, IMAGES).settle();
  for (const command of commands) {
    switch (command.kind) {
      case "hear":
        d.hear(desiredFor(ATTEMPTS[command.attempt]!));
        break;
      case "hearWhileReporting":
        d.whileReporting.push(desiredFor(ATTEMPTS[command.attempt]!));
        break;
      case "stay":
        d.hear(null);
        break;
      case "garbage":
        d.hear({ rolloutId: "garbage", fwVersion: ["x"], fwPackageURI: {} });
        break;
      case "powerCut":
        d.act(command.afterEffect);
        break;
      case "act":
        for (let n = 0; n < command.times; n++) d.act();
        break;
      case "fetch":
        d.fetchFails = command.fails;
        break;
    }
  }
  d.fetchFails = undefined;
  d.settle();
  d.whileReporting.length = 0;
  return d;
}

/** Everything that one attempt was ever remembered as, in order. */
function pastOf(d: PaperDevice): Map<string, Latch[]> {
  const past = new Map<string, Latch[]>();
  for (const state of d.history) {
    for (const latch of state.latches)
      past.set(latch.rolloutId, [...(past.get(latch.rolloutId) ?? []), latch]);
  }
  return past;
}

describe("whatever is asked, fails and loses power", () => {
  test.prop([withCuts], { numRuns: 2000 })("an attempt that failed never becomes ok", (commands) => {
    for (const latches of pastOf(run(commands)).values()) {
      const failed = latches.findIndex(({ outcome }) => outcome === "failed");
      if (failed >= 0)
        expect(new Set(latches.slice(failed).map((l) => l.outcome))).toEqual(new Set(["failed"]));
    }
  });

  test.prop([withCuts], { numRuns: 2000 })(
    "an attempt is contacted once: its instant and version stay",
    (commands) => {
      for (const latches of pastOf(run(commands)).values()) {
        expect(new Set(latches.map((l) => `${l.contactedAt} ${l.fromVersion}`)).size).toBe(1);
      }
    },
  );

  test.prop([withCuts], { numRuns: 2000 })(
    "ok is only what booted, states its version and stayed well",
    (commands) => {
      const d = run(commands);
      for (const reported of d.reports) {
        if (reported.outcome !== "ok") continue;
        const attempt = ATTEMPTS.find(({ rolloutId }) => rolloutId === reported.rolloutId)!;
        expect(attempt.image).toMatchObject({ states: attempt.version });
        expect(attempt.image.boots ?? true).toBe(true);
        expect(attempt.image.staysWell ?? true).toBe(true);
        // It speaks of what runs, or the device is on its way to something else.
        if (reported.fwUpdateStatus === "current") expect(reported.currentFwVersion).toBe(attempt.version);
      }
    },
  );

  test.prop([withCuts], { numRuns: 2000 })("the device comes to rest and tells what runs", (commands) => {
    const d = run(commands);
    expect(d.state.update).toBeUndefined();
    expect(d.state.waiting).toBeUndefined();
    expect(d.last.currentFwVersion).toBe(d.running.states);
    expect(d.last.outcome).not.toBe(d.last.rolloutId === "" ? "contacted" : "");
  });

  test.prop([withoutCuts], { numRuns: 2000 })("an update is told in five reports at most", (commands) => {
    const byStart = new Map<string, number>();
    for (const { lastFwUpdateStartTime: start } of run(commands).reports) {
      byStart.set(start, (byStart.get(start) ?? 0) + 1);
    }
    byStart.delete("");
    for (const count of byStart.values()) expect(count).toBeLessThanOrEqual(5);
  });

  test.prop([withCuts], { numRuns: 500 })(
    "the same request again changes nothing once all is done",
    (commands) => {
      const d = run([...commands, { kind: "hear", attempt: 1 }]);
      const { state } = d;
      d.hear(desiredFor(ATTEMPTS[1]!));
      expect(d.state).toBe(state);
    },
  );
});

/** What the maker signed, and what looks like it: each attempt asks for one image, well or badly signed. */
const maker = aMaker();
const stranger = aMaker();
const SIGNED: readonly {
  readonly image: PaperImage;
  readonly signer: Maker;
  readonly product?: string;
  readonly floor?: string;
}[] = [
  ...IMAGES.map((one) => ({ image: one, signer: maker })),
  ...IMAGES.map((one) => ({ image: one, signer: maker, floor: one.states })),
  { image: IMAGES[4]!, signer: maker, floor: "1.1.0" },
  { image: image("5", "1.5.0"), signer: stranger },
  { image: image("6", "1.6.0"), signer: maker, product: "boiler" },
];

type SignedCommand =
  | { readonly kind: "ask"; readonly what: number; readonly attempt: number }
  | { readonly kind: "act"; readonly times: number }
  | { readonly kind: "powerCut"; readonly afterEffect: number };

const signedCommands = fc.array(
  fc.oneof<fc.Arbitrary<SignedCommand>[]>(
    fc.record({
      kind: fc.constant("ask" as const),
      what: fc.nat({ max: SIGNED.length - 1 }),
      attempt: fc.nat({ max: 1 }),
    }),
    fc.record({ kind: fc.constant("act" as const), times: fc.constantFrom(3, 8, 100) }),
    fc.record({ kind: fc.constant("powerCut" as const), afterEffect: fc.nat({ max: 3 }) }),
  ),
  { minLength: 5, maxLength: 40, size: "max" },
);

function runSigned(commands: readonly SignedCommand[]): PaperDevice {
  const d = new PaperDevice(BIRTH, [...IMAGES, ...SIGNED.map((one) => one.image)]);
  d.trust = { product: "thermostat", hardware: "B", keys: [maker.pinned] };
  d.settle();
  for (const command of commands) {
    if (command.kind === "act") for (let n = 0; n < command.times; n++) d.act();
    else if (command.kind === "powerCut") d.act(command.afterEffect);
    else {
      const { image: wanted, signer, floor, product = "thermostat" } = SIGNED[command.what]!;
      const about = { product, version: wanted.states, sha256: wanted.sha256, size: 1000 };
      const rolloutId = `${command.what}-${command.attempt}`;
      const signed = signer.state({ ...about, ...(floor === undefined ? {} : { floor }) });
      d.hear(desiredFor({ rolloutId, version: wanted.states, image: wanted }, signed));
    }
  }
  return d.settle();
}

describe("whatever is asked of a device with pinned keys", () => {
  test.prop([signedCommands], { numRuns: 500 })(
    "it runs nothing but what the maker signed for it, and its floor neither sinks nor passes what it can fall back to",
    (commands) => {
      const d = runSigned(commands);
      let floor = "0.0.0";
      for (const state of d.history) {
        if (state.running.version === "") continue;
        expect(IMAGES.map(({ sha256 }) => sha256)).toContain(state.running.sha256);
        expect(semver.gte(state.floor ?? "0.0.0", floor)).toBe(true);
        floor = state.floor ?? floor;
        expect(semver.gte(state.running.version, floor)).toBe(true);
      }
      if (d.other !== undefined && floor !== "0.0.0") expect(semver.gte(d.other.states, floor)).toBe(true);
      expect(d.state.update).toBeUndefined();
    },
  );
});
