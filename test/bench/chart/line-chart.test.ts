import { describe, expect, it } from "vitest";
import { lineChart, type Axis } from "../../../bench/chart/line-chart.ts";

const AXIS: Axis = { label: "n", scale: "linear", domain: [0, 10], ticks: [0, 10], format: String };

describe("lineChart", () => {
  it("draws each line with its name, and escapes what people wrote", () => {
    const svg = lineChart({
      title: "a < b",
      x: AXIS,
      y: AXIS,
      lines: [
        {
          name: "up & away",
          points: [
            [0, 0],
            [10, 10],
          ],
        },
        {
          name: "flat",
          points: [
            [0, 5],
            [10, 5],
          ],
          dash: "2 2",
        },
      ],
      levels: [{ at: 5, label: "half" }],
    });
    expect(svg).toMatch(/^<svg [^>]*viewBox/);
    expect(svg).toContain("<title>a &lt; b</title>");
    expect(svg).toContain(">up &amp; away</text>");
    expect(svg).toContain(">half</text>");
    expect(svg.match(/<path /g)).toHaveLength(2);
    expect(svg).toContain('d="M64,328L536,60"');
    expect(svg).toContain('stroke-dasharray="2 2"');
  });

  it("leaves out what is outside the axes, and draws stairs where they are asked for", () => {
    const points = [
      [0, 0],
      [5, 10],
      [10, 20],
    ] as const;
    const svg = lineChart({
      title: "t",
      x: AXIS,
      y: AXIS,
      lines: [{ name: "stairs", points, isStepped: true }],
    });
    expect(svg).toContain('d="M64,328L300,328L300,60"');
  });
});
