import { describe, expect, it } from "vitest";
import { DEVICE_UPDATE_EXAMPLE, deviceUpdate } from "../../../../bench/gates/rules/device-update.ts";
import { seen, shown } from "./seen.ts";

const judge = deviceUpdate(DEVICE_UPDATE_EXAMPLE).start();

describe("Device Update's rule, with the example of its documentation", () => {
  it("rolls back at 10 failed devices that are 5% of the deployment", () => {
    expect(judge(shown(seen({ targeted: 200, failed: 10 })))).toBe("stop");
  });

  it("needs the count and the percentage, both", () => {
    expect(judge(shown(seen({ targeted: 100, failed: 9 })))).toBe("go");
    expect(judge(shown(seen({ targeted: 201, failed: 10 })))).toBe("go");
  });

  it("judges each group's deployment alone", () => {
    expect(judge(shown(seen({ targeted: 100, failed: 6 }), seen({ targeted: 100, failed: 6 })))).toBe("go");
  });

  it("never counts silence", () => {
    expect(judge(shown(seen({ targeted: 200, silent: 200 })))).toBe("go");
  });
});
