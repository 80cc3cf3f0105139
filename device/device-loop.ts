import { randomUUID } from "node:crypto";
import type { IBackoff } from "cockatiel";
import { ExponentialBackoff } from "cockatiel";
import type { FirmwareReported } from "../rollout/model/twin-contract.ts";
import type { BringUp } from "./bring-up.ts";
import { bringUp } from "./bring-up.ts";
import type { DeviceClock } from "./clock.ts";
import type { DeviceState } from "./device-state.ts";
import type { Driver } from "./drivers/driver.ts";
import type { ErrorCode, Failure } from "./failure.ts";
import { failureFromError, reasonOf } from "./failure.ts";
import type { FirmwareRequest } from "./firmware-request.ts";
import type { Permission } from "./permission.ts";
import { ASK_AGAIN_MS, whyNotNow } from "./permission.ts";
import type { Trust } from "./trust.ts";
import type { UpdateEffect, UpdateEvent } from "./update-step.ts";
import { updateDevice } from "./updater.ts";

/** The device without its network: what the loop acts on. */
export interface DeviceLoopOptions {
  readonly state: DeviceState;
  readonly driver: Driver;
  readonly clock: DeviceClock;
  readonly healthTimeMs: number;
  /** When the device may leave the image it runs. Default: always. */
  readonly permission?: Permission | undefined;
  /** What requests are checked by; without it no signature is asked for. */
  readonly trust?: Trust | undefined;
  /** Make the state safe; nothing is done about an event before that, and a failed try is followed by others. */
  readonly save: (state: DeviceState) => Promise<void>;
  readonly report: (reported: FirmwareReported) => Promise<void>;
  /** Put the verified image into the other slot. */
  readonly download: (request: FirmwareRequest, signal: AbortSignal) => Promise<void>;
  readonly onBoot: (up: BringUp) => void;
  /** Something that is not supposed to happen did; the loop goes on. */
  readonly onTrouble: (message: string) => void;
}

/** A device at work. */
export interface DeviceLoop {
  state(): DeviceState;
  /**
   * Power on. Resolves when the boot has been acted on, or cannot be for now because the state cannot be saved. Rejects
   * when no slot starts.
   */
  start(): Promise<void>;
  /** Tell the device what the hub wants. */
  hear(desired: unknown): void;
  /** Resolves when all that has happened so far has been acted on. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const FIRST_SAVE_RETRY_MS = 1_000;
const LONGEST_SAVE_RETRY_MS = 5 * 60_000;

/** Feed the updater one event after the other, save, and do what it says. */
export function deviceLoop(options: DeviceLoopOptions): DeviceLoop {
  const { driver, clock } = options;
  const stopping = new AbortController();
  const unsaved = Promise.withResolvers<undefined>();
  let state = options.state;
  let events = Promise.resolve();
  /** The fetch or the waiting under way. */
  let task: { readonly abort: AbortController; readonly settled: Promise<void> } | undefined;

  function dispatch(event: UpdateEvent): void {
    events = events.then(async () => {
      try {
        if (!stopping.signal.aborted) await handle(event);
      } catch (error) {
        options.onTrouble(`${event.type}: ${reasonOf(error)}`);
      }
    });
  }

  async function handle(event: UpdateEvent): Promise<void> {
    const next = updateDevice(state, event);
    if (next.state !== state && !(await saveSurely(next.state))) return;
    state = next.state;
    for (const effect of next.effects) await perform(effect);
  }

  /**
   * Save, as often as it takes: the hub says nothing twice, so what is dropped here is lost until the next boot. False
   * when the device was stopped before; the events behind wait their turn.
   */
  async function saveSurely(next: DeviceState): Promise<boolean> {
    let retry: IBackoff<unknown> | undefined;
    while (!stopping.signal.aborted) {
      try {
        await options.save(next);
        return true;
      } catch (error) {
        retry = retry?.next(undefined) ?? firstSaveRetry();
        const seconds = Math.ceil(retry.duration / 1000);
        options.onTrouble(`the state is not saved, next try in ${seconds} s: ${reasonOf(error)}`);
        unsaved.resolve(undefined);
      }
      await clock.sleep(retry.duration, stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
      });
    }
    return false;
  }

  async function perform(effect: UpdateEffect): Promise<void> {
    switch (effect.type) {
      case "report":
        return options.report(effect.reported);
      case "look":
        return answer(effect, "WRITE_FAILED", async () => {
          return { type: "looked", held: await driver.holds(effect.sha256), trust: options.trust };
        });
      case "ask":
        begin((signal) => answer(effect, "WRITE_FAILED", () => waitForLeave(effect, signal)));
        return;
      case "hear":
        dispatch({ atMs: clock.now(), type: "heard", step: effect.step });
        return;
      case "apply":
        return answer(effect, "WRITE_FAILED", async () => {
          await driver.apply(effect.image);
          return { type: "applied" };
        });
      case "fetch":
        begin((signal) =>
          answer(effect, "DOWNLOAD_FAILED", async () => {
            await options.download(effect.request, signal);
            return { type: "stored" };
          }),
        );
        return;
      case "prove":
        begin((signal) => answer(effect, "HEALTH_FAILED", () => stayWell(signal)));
        return;
      case "stop":
        task?.abort.abort();
        return task?.settled;
      case "confirm":
        // An image on trial was confirmed before it was called proven: what fails here is noted at the next boot.
        return driver.confirm().catch((error: unknown) => {
          options.onTrouble(`confirm: ${reasonOf(error)}`);
        });
      case "reboot":
        dispatch(await boot());
        return;
      case "rollBack":
        await driver.rollback(effect.failure);
        dispatch({ ...(await boot()), fellBack: effect.failure });
        return;
    }
  }

  /** An owner who cannot be asked has not said yes: this never fails, and ends with the update at the latest. */
  async function waitForLeave(
    { step, update }: Extract<UpdateEffect, { readonly type: "ask" }>,
    signal: AbortSignal,
  ): Promise<Answer> {
    for (let asked = 0; ; asked++) {
      const reason = await whyNotNow(options.permission ?? {}, { update, atMs: clock.now() });
      if (reason === undefined) return { type: "may" };
      if (asked === 0) dispatch({ atMs: clock.now(), type: "mayNot", step, reason });
      await clock.sleep(ASK_AGAIN_MS, signal);
    }
  }

  async function boot(): Promise<Extract<UpdateEvent, { readonly type: "booted" }>> {
    const up = await bringUp(driver);
    options.onBoot(up);
    return { atMs: clock.now(), type: "booted", bootId: randomUUID(), ...up };
  }

  async function stayWell(signal: AbortSignal): Promise<Answer> {
    await clock.sleep(options.healthTimeMs, signal);
    try {
      await driver.selfTest();
    } catch (error) {
      return { type: "failed", failure: { code: "HEALTH_FAILED", message: reasonOf(error) } };
    }
    signal.throwIfAborted();
    try {
      await driver.confirm();
    } catch (error) {
      return { type: "failed", failure: failureFromError(error, "WRITE_FAILED") };
    }
    return { type: "proven" };
  }

  /** Do a step and dispatch what came of it; the answer to a step that was stopped is heard by nobody. */
  async function answer(
    { step }: { readonly step: number },
    otherwise: ErrorCode,
    work: () => Promise<Answer>,
  ): Promise<void> {
    let answered: Answer;
    try {
      answered = await work();
    } catch (error) {
      answered = { type: "failed", failure: failureFromError(error, otherwise) };
    }
    dispatch({ atMs: clock.now(), step, ...answered });
  }

  function begin(work: (signal: AbortSignal) => Promise<void>): void {
    const abort = new AbortController();
    task = { abort, settled: work(abort.signal) };
  }

  return {
    state: () => state,
    async start() {
      dispatch(await boot());
      await Promise.race([events, unsaved.promise]);
    },
    hear(desired) {
      dispatch({ atMs: clock.now(), type: "desired", desired });
    },
    async settled() {
      let seen: Promise<void> | undefined;
      // An event may bring others about: settled is when none has been added.
      while (seen !== events) {
        seen = events;
        await seen;
      }
    },
    async stop() {
      stopping.abort();
      task?.abort.abort();
      await driver.close?.();
      await task?.settled;
      await events;
    },
  };
}

type Answer =
  | { readonly type: "looked"; readonly held: boolean; readonly trust: Trust | undefined }
  | { readonly type: "stored" | "may" | "applied" | "proven" }
  | { readonly type: "failed"; readonly failure: Failure };

function firstSaveRetry(): IBackoff<unknown> {
  return new ExponentialBackoff({
    initialDelay: FIRST_SAVE_RETRY_MS,
    maxDelay: LONGEST_SAVE_RETRY_MS,
  }).next();
}
