import { describe, expect, it } from "vitest";
import { hawkbit, HAWKBIT_DEFAULTS } from "../../../../bench/gates/rules/hawkbit.ts";
import { seen, shown } from "./seen.ts";

/**
 * hawkBit's documentation gives no numbers; its own test of the error condition does: RolloutManagementTest,
 * `checkErrorHitOfGroupCallsErrorActionToPauseTheRollout`: 10 targets in 5 groups, success 50, error 80.
 */
const CONDITIONS = { success: 50, error: 80 };

describe("hawkBit's rule", () => {
  it("pauses its test's rollout when both targets of the first group fail", () => {
    expect(hawkbit(CONDITIONS).start()(shown(seen({ targeted: 2, failed: 2 })))).toBe("stop");
  });

  it("starts the next group when half of the first has succeeded, as its test's success condition says", () => {
    const judge = hawkbit(CONDITIONS).start();
    expect(judge(shown(seen({ targeted: 2 })))).toBe("wait");
    expect(judge(shown(seen({ targeted: 2, ok: 1 })))).toBe("go");
  });

  it("pauses above the threshold, not at it", () => {
    const judge = hawkbit(HAWKBIT_DEFAULTS).start();
    expect(judge(shown(seen({ targeted: 100, failed: 50, ok: 50 })))).toBe("go");
    expect(hawkbit(HAWKBIT_DEFAULTS).start()(shown(seen({ targeted: 100, failed: 51 })))).toBe("stop");
  });

  it("divides by all targets of the group, also those that have not answered", () => {
    const group = seen({ targeted: 100, contacted: 40, failed: 40 });
    expect(hawkbit({ error: 40, success: 0 }).start()(shown(group))).toBe("go");
  });

  it("judges a group no more once all of its targets have reported", () => {
    const judge = hawkbit({ error: 10, success: 50 }).start();
    expect(judge(shown(seen({ targeted: 10, ok: 9, failed: 1 })))).toBe("go");
    expect(judge(shown(seen({ targeted: 10, ok: 5, failed: 5 })))).toBe("go");
    expect(judge(shown(seen({ targeted: 10, ok: 9, failed: 1 }), seen({ targeted: 10, failed: 2 })))).toBe(
      "stop",
    );
  });

  it("never counts silence", () => {
    const silent = shown(seen({ targeted: 100, ok: 50, silent: 50 }));
    expect(hawkbit({ error: 1, success: 50 }).start()(silent)).toBe("go");
  });
});
