import { fc, test } from "@fast-check/vitest";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { installFactoryImage } from "../../../device/drivers/wasm/factory-image.ts";
import { memoryDisk } from "../../../local/fleet/memory-disk.ts";
import { desiredFor } from "../paper-device.ts";
import { atRest, bootableDigests, powerOn } from "./device-life.ts";
import { paperBoard, paperFirmware } from "./paper-firmware.ts";
import type { StoreMood } from "./paper-store.ts";
import { paperStore } from "./paper-store.ts";
import { LOSSES, powerCutDisk } from "./power-cut-disk.ts";
import type { Happening, ScheduledAttempt } from "./schedule-oracle.ts";
import { faultsOf } from "./schedule-oracle.ts";

const isSoak = process.env["SOAK"] !== undefined;
/** `npm test` plays the same hundred each time, `SOAK` a thousand new ones; `SEED=n` plays those of an earlier run again. */
const RUNS = isSoak ? 1000 : 100;
const SEED = process.env["SEED"] ?? (isSoak ? undefined : "5");

const BIRTH = paperFirmware("1.0.0", "good");
const IMAGES = (["good", "good", "dead", "hangs", "sick", "mute", "ill"] as const).map((health, n) =>
  paperFirmware(`2.${n}.0`, health),
);
const ATTEMPTS: readonly ScheduledAttempt[] = [
  ...[BIRTH, ...IMAGES].map((image) => ({ rolloutId: `${image.version}--1`, image })),
  { rolloutId: "2.0.0--2", image: IMAGES[0]! },
  { rolloutId: "2.4.0--2", image: IMAGES[4]! },
];

type Step =
  | { readonly kind: "ask"; readonly attempt: number }
  | { readonly kind: "takeBack" | "repeat" | "disconnect" | "connect" | "rest" }
  | { readonly kind: "turns"; readonly count: number }
  | { readonly kind: "store"; readonly mood: StoreMood };

const ask = fc.record({ kind: fc.constant("ask" as const), attempt: fc.nat({ max: ATTEMPTS.length - 1 }) });
const plain = fc.record({
  kind: fc.constantFrom<"takeBack" | "repeat" | "disconnect" | "connect" | "rest">(
    "takeBack",
    "repeat",
    "repeat",
    "disconnect",
    "connect",
    "connect",
    "rest",
  ),
});
const turns = fc.record({ kind: fc.constant("turns" as const), count: fc.nat({ max: 12 }) });
const store = fc.record({
  kind: fc.constant("store" as const),
  mood: fc.constantFrom<StoreMood>("fine", "fine", "breaksOff", "busy", "denies", "corrupt"),
});
/** From one power-on to the next; the power goes at that operation, or when all is done. */
const life = fc.record({
  steps: fc.array(fc.oneof<fc.Arbitrary<Step>[]>(ask, ask, ask, plain, turns, turns, store), {
    maxLength: 8,
    size: "max",
  }),
  cutAt: fc.option(fc.nat({ max: 90 }), { nil: Infinity, freq: 4 }),
  loss: fc.constantFrom(...LOSSES),
});
const schedule = fc.array(life, { minLength: 1, maxLength: 6, size: "max" });
type Schedule = typeof schedule extends fc.Arbitrary<infer T> ? T : never;

function desiredOf(attempt: ScheduledAttempt | undefined): object | null {
  if (attempt === undefined) return null;
  const { rolloutId, image } = attempt;
  return desiredFor(
    { rolloutId, version: image.version, image: { sha256: image.sha256, states: image.version } },
    { fwPackageSize: image.bytes.length },
  );
}

async function run(lives: Schedule): Promise<readonly Happening[]> {
  const disk = memoryDisk();
  const directory = "/device";
  await installFactoryImage({ stateDirectory: directory, image: BIRTH.bytes, disk });
  const happenings: Happening[] = [];
  const images = paperStore([BIRTH, ...IMAGES]);
  let wanted: ScheduledAttempt | undefined;

  async function live(
    { steps, cutAt, loss }: Schedule[number],
    { isLast }: { readonly isLast: boolean },
  ): Promise<void> {
    const board = paperBoard((sha256) => happenings.push({ type: "started", sha256 }));
    let alive = true;
    const onCut = (): void => {
      alive = false;
    };
    const failing = powerCutDisk({ disk, at: cutAt, loss, onCut });
    const isOn = (): boolean => alive;
    const living = async (): Promise<void> => {
      const loop = await powerOn({
        disk: failing,
        directory,
        ask: images.ask,
        start: board.start,
        onReport: (reported) => {
          if (alive) happenings.push({ type: "told", reported });
        },
      });
      let connected = true;
      const hear = (): void => {
        if (connected) loop.hear(desiredOf(wanted));
      };
      hear();
      for (const step of steps) {
        if (!isOn()) return;
        switch (step.kind) {
          case "ask":
            wanted = ATTEMPTS[step.attempt];
            happenings.push({ type: "asked", attempt: wanted });
            hear();
            break;
          case "takeBack":
            wanted = undefined;
            happenings.push({ type: "asked", attempt: wanted });
            hear();
            break;
          case "repeat":
            hear();
            break;
          case "disconnect":
            connected = false;
            break;
          case "connect":
            // The twin is read at each connection.
            connected = true;
            hear();
            break;
          case "rest":
            await atRest(loop);
            break;
          case "turns":
            for (let n = 0; n < step.count; n++) await turn();
            break;
          case "store":
            images.mood = step.mood;
            happenings.push({ type: "store", mood: step.mood });
            break;
        }
      }
      if (isLast) connected = true;
      hear();
      await atRest(loop);
    };
    await Promise.race([living(), failing.cut]);
    alive = false;
    const whole = [BIRTH, ...IMAGES].map(({ sha256 }) => sha256);
    for (const digest of await bootableDigests(disk, directory)) expect(whole).toContain(digest);
  }

  for (const one of lives) await live(one, { isLast: false });
  images.mood = "fine";
  await live({ steps: [], cutAt: Infinity, loss: "nothing" }, { isLast: true });
  return happenings;
}

describe("a device whatever is asked, breaks and loses power", () => {
  const parameters = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) };
  test.prop([schedule], parameters)(
    "ends as the model says",
    async (lives) => {
      expect(faultsOf(BIRTH, IMAGES, await run(lives))).toEqual([]);
    },
    600_000,
  );

  it("is not taken for sick when it is called away from proving an image again", async () => {
    const asks = (...attempts: readonly number[]): Schedule[number] => ({
      steps: attempts.map((attempt) => ({ kind: "ask", attempt })),
      cutAt: Infinity,
      loss: "nothing",
    });
    const happenings = await run([asks(8, 1), asks(8, 0, 1), asks()]);
    expect(faultsOf(BIRTH, IMAGES, happenings)).toEqual([]);
  });
});
