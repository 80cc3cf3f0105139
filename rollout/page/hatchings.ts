import { html } from "hono/html";
import type { Html } from "./markup.ts";

/** Hatchings that bands are filled with, each with a slant of its own; once a page. */
export const HATCHINGS: Html = html`<svg class="defs" aria-hidden="true">
  <defs>
    ${(
      [
        ["reach", 45, 5],
        ["ok", 0, 4],
        ["bad", 90, 4],
        ["against", -45, 7],
        ["proof", 45, 7],
      ] as const
    ).map(
      ([ink, slant, gap]) =>
        html`<pattern
          id="hatch-${ink}"
          patternUnits="userSpaceOnUse"
          width="${gap}"
          height="${gap}"
          patternTransform="rotate(${slant})"
        >
          <path class="hatch ${ink}" d="M0 0V${gap}" />
        </pattern>`,
    )}
  </defs>
</svg>`;
