import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { listHubs } from "../../../rollout/reconcile/list-hubs.ts";
import type { HubPort } from "../../../rollout/reconcile/ports.ts";
import { createWorld } from "../../support/world.ts";

const LISTED = createWorld({ devices: [], version: "1.0.0", images: new Map(), hub: "answers" }).hub;
const SILENT: HubPort = { ...LISTED, name: "silent", list: () => new Promise(() => undefined) };

describe("a listing of several hubs", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ["a stop goes on without it in five seconds", { urgent: true }, 5_000],
    ["a look in thirty", {}, 30_000],
  ])("does not wait for a hub that hangs: %s", async (_, options, limitMs) => {
    const listed = listHubs([SILENT, LISTED], options);
    let isDone = false;
    void listed.then(() => {
      isDone = true;
    });
    await vi.advanceTimersByTimeAsync(limitMs - 1);
    expect(isDone).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await listed).toMatchObject([
      { name: "silent", listing: undefined },
      { name: "answers", listing: { configurations: [] } },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves the calls that come late to end at once", async () => {
    const ended = vi.fn();
    const slow: HubPort = {
      ...SILENT,
      list: ({ signal } = {}) =>
        new Promise((_, reject) => {
          signal?.addEventListener("abort", () => {
            ended();
            reject(new WavegateError("INTERRUPTED", "interrupted", { hint: "" }));
          });
        }),
    };
    const listed = listHubs([LISTED, slow], { urgent: true });
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await listed)[1]).toMatchObject({ name: "silent", listing: undefined });
    expect(ended).toHaveBeenCalledOnce();
  });

  it("is still interrupted by whoever asked for it", async () => {
    const interrupted = new WavegateError("INTERRUPTED", "interrupted", { hint: "" });
    const port: HubPort = { ...SILENT, list: () => Promise.reject(interrupted) };
    await expect(listHubs([LISTED, port], { signal: AbortSignal.abort() })).rejects.toBe(interrupted);
  });
});
