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

  it("leaves short lines and empty ones", () => {
    expect(wrapText("one\n\n  two", 60)).toBe("one\n\n  two");
  });

  it("breaks before a command, never inside it", () => {
    const command = 'wavegate approve thermostat --wave "half"';
    expect(wrapText(`  next: "half" awaits the approval of 2 people: ${command}`, 60)).toBe(
      `  next: "half" awaits the approval of 2 people:\n    ${command}`,
    );
    const long = `wavegate approve thermostat --reason "${"x".repeat(60)}"`;
    expect(wrapText(`  next: ${long}`, 60)).toBe(`  next: ${long}`);
  });
});
