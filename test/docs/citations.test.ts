import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PROJECT } from "../support/command-line.ts";

/** Pages that the source cites by section, as in `[facts 1.9, G]` and `[protocol §3, 5.2]`. */
const CITED = [
  { word: "facts", page: "docs/iot-hub.md", section: /^#+ (\d+(?:\.\d+)?)\.? /gm },
  { word: "protocol", page: "docs/protocol.md", section: /^#+ (\d+)\. /gm },
] as const;

const SOURCES = globSync("{bench,device,infra,local,rollout,scripts,test}/**/*.{ts,mjs}", { cwd: PROJECT });

describe.each(CITED)("citations of [$word]", ({ word, page, section }) => {
  it(`lead to sections of ${page}`, () => {
    const there = new Set(
      [...readFileSync(join(PROJECT, page), "utf8").matchAll(section)].map(([, name]) => name),
    );
    const cited = SOURCES.flatMap((path) =>
      [
        ...readFileSync(join(PROJECT, path), "utf8").matchAll(
          new RegExp(`\\[${word} §?(\\d+(?:\\.\\d+)?)`, "g"),
        ),
      ].map(([, name = ""]) => ({ path, name })),
    );
    expect(cited.length).toBeGreaterThan(30);
    expect(cited.filter(({ name }) => !there.has(name))).toEqual([]);
  });
});
