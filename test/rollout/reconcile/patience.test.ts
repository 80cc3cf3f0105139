import { describe, expect, it } from "vitest";
import { WavegateError, type Code } from "../../../rollout/model/problem.ts";
import { patiently } from "../../../rollout/reconcile/patience.ts";

/** What a run came to whose first tries fail so, and the waits between them. */
async function tried(
  ...failures: readonly { readonly code: Code; readonly retryAfterMs?: number }[]
): Promise<{ readonly end: unknown; readonly waits: readonly number[] }> {
  const waits: number[] = [];
  const clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const left = failures.values();
  const run = (): Promise<string> => {
    const { value: failure } = left.next();
    if (failure === undefined) return Promise.resolve("done");
    const { code, ...more } = failure;
    return Promise.reject(new WavegateError(code, "no", { hint: "wait", ...more }));
  };
  const end: unknown = await patiently(run, { clock, signal: new AbortController().signal }).catch(
    (error: unknown) => error,
  );
  return { end, waits };
}

describe("patience", () => {
  it("waits longer and longer, and a minute at most", async () => {
    const often = Array.from({ length: 7 }, () => ({ code: "HUB_FAILED" }) as const);
    expect(await tried(...often)).toEqual({
      end: "done",
      waits: [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000],
    });
  });

  it("tries nothing again before the hub asks for it", async () => {
    const { end, waits } = await tried({ code: "HUB_THROTTLED", retryAfterMs: 90_000 });
    expect(end).toBe("done");
    expect(waits).toEqual([90_000]);
  });

  it("is over at the eighth failure, and at the first that does not pass by itself", async () => {
    const often = Array.from({ length: 9 }, () => ({ code: "HUB_UNREACHABLE" }) as const);
    const { end, waits } = await tried(...often);
    expect(end).toMatchObject({ code: "HUB_UNREACHABLE" });
    expect(waits).toHaveLength(7);
    expect(await tried({ code: "HUB_REJECTED" })).toMatchObject({
      end: { code: "HUB_REJECTED" },
      waits: [],
    });
  });
});
