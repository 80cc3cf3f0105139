import { describe, expect, it } from "vitest";
import { wrapText } from "../../../rollout/cli/views/wrap.ts";

describe("wrapText", () => {
  it("goes on below, indented by two more, and keeps every word", () => {
    const text = `  ${"seven words and then some more of them ".repeat(4).trim()}`;
    const rows = wrapText(text, 50).split("\n");
    expect(rows.length).toBeGreaterThan(2);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(50);
    expect(rows[0]).toMatch(/^ {2}\S/);
    for (const row of rows.slice(1)) expect(row).toMatch(/^ {4}\S/);
    expect(rows.map((row) => row.trim()).join(" ")).toBe(text.trim());
  });

  it("leaves short lines, empty lines, and those with something to type", () => {
    const text = `one\n\n  next: wavegate approve thermostat --wave "half" --reason "${"x".repeat(60)}"`;
    expect(wrapText(text, 60)).toBe(text);
  });
});
