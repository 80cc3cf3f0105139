import { describe, expect, it } from "vitest";
import { plainText } from "../../../rollout/cli/views/plain-text.ts";
import { quarantineLines } from "../../../rollout/cli/views/quarantine.ts";

describe("text that others wrote", () => {
  it.each([
    ["a title of the window", "before \u001b]0;you are on production\u0007after", "before after"],
    ["colours", "\u001b[31mred\u001b[0m", "red"],
    ["a line over the one before", "all is well\rdone", "all is well?done"],
    ["a control of eight bits", "a\u009b2Jb", "ab"],
    ["a backspace, and a bell", "ok\b\u0007", "ok??"],
  ])("loses %s, which a terminal would obey", (_, text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  it("keeps lines, tabs and every alphabet", () => {
    expect(plainText("wave “ein Zehntel”:\n\t10 % ▏ 東京 ✓")).toBe("wave “ein Zehntel”:\n\t10 % ▏ 東京 ✓");
  });
});

describe("the command that sets a device aside", () => {
  it.each([
    ["press-7", "-d press-7 "],
    ["a;reboot", "-d 'a;reboot' "],
    ["it's$(id)", `-d 'it'\\''s$(id)' `],
  ])("names %s as one word of a shell", (deviceId, typed) => {
    expect(quarantineLines([deviceId], { hub: "plant", priority: 12 }).join("\n")).toContain(typed);
  });
});
