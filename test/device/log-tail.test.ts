import { describe, expect, it } from "vitest";
import { LOG_LINES, logTail } from "../../device/log-tail.ts";

const AT = Date.UTC(2026, 0, 1);

describe("the log a device keeps", () => {
  it("tells the newest lines last, and how many it does not tell", async () => {
    const log = logTail();
    log.note({ type: "connected" }, AT);
    log.note({ type: "disconnected", reason: "it was closed" }, AT + 1000);
    log.note(
      { type: "booted", version: "1.0.0", failure: { code: "HUNG", message: "no answer" } },
      AT + 2000,
    );
    expect(await log.answer({ lines: 2 })).toEqual({
      status: 200,
      payload: {
        lines: [
          "2026-01-01T00:00:01.000Z disconnected: it was closed",
          "2026-01-01T00:00:02.000Z booted 1.0.0: HUNG no answer",
        ],
        dropped: 1,
      },
    });
  });

  it("keeps so many lines and no more", async () => {
    const log = logTail();
    for (let n = 0; n < 3 * LOG_LINES; n++) log.note({ type: "trouble", message: "x".repeat(10_000) }, AT);
    const { payload } = await log.answer({ lines: LOG_LINES });
    expect(payload).toMatchObject({ dropped: 2 * LOG_LINES });
  });

  it.each([
    ["of ASCII", "x"],
    ["of other scripts", "図"],
    ["of characters that JSON escapes", "\u0007"],
  ])(
    "fits an answer to a direct method with lines %s, and counts what it leaves out",
    async (_kind, letter) => {
      const log = logTail();
      for (let n = 0; n < LOG_LINES; n++)
        log.note({ type: "trouble", message: `${n} ${letter.repeat(500)}` }, AT);
      const { payload } = await log.answer({ lines: LOG_LINES });
      expect(Buffer.byteLength(JSON.stringify(payload))).toBeLessThanOrEqual(128 * 1024);
      const { lines, dropped } = payload as { readonly lines: readonly string[]; readonly dropped: number };
      expect(lines.length + dropped).toBe(LOG_LINES);
      expect(lines.length).toBeGreaterThan(50);
      expect(lines.at(-1)).toContain(`trouble: ${LOG_LINES - 1} `);
    },
  );

  it.each([[{ lines: 0 }], [{ lines: "all" }], [7], [{ lines: 1e9 }]])(
    "refuses %j with a sentence",
    async (asked) => {
      expect(await logTail().answer(asked)).toMatchObject({ status: 400 });
    },
  );

  it("is asked for with nothing as well", async () => {
    expect(await logTail().answer(null)).toMatchObject({ status: 200, payload: { lines: [] } });
  });
});
