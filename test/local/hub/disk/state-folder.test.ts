import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStateFolder, type StateFolder } from "../../../../local/hub/disk/state-folder.ts";
import { createJournal, type OpenJournal } from "../../../../local/hub/journal.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hub-state-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A participant that keeps numbers by name. */
function aLedger(): {
  journal: OpenJournal;
  set: (name: string, value: number) => void;
  state: () => object;
} {
  const journal = createJournal();
  let values = new Map<string, number>();
  const scribe = journal.attach("ledger", {
    replay: ({ name, value }) => void values.set(JSON.stringify(name).slice(1, -1), Number(value)),
    capture: () => [...values].map(([name, value]) => ({ name, value })),
    clear: () => {
      values = new Map();
    },
  });
  return {
    journal,
    set: (name, value) => {
      scribe({ name, value });
      values.set(name, value);
    },
    state: () => Object.fromEntries(values),
  };
}

function stateIn(place: string): object {
  const { journal, state } = aLedger();
  void openStateFolder({ folder: place, journal })[Symbol.asyncDispose]();
  return state();
}

/** The journal that is written to. */
function lastJournal(): string {
  const names = readdirSync(folder).filter((name) => name.endsWith(".journal"));
  return join(folder, names.toSorted((a, b) => parseInt(a) - parseInt(b)).at(-1) ?? "");
}

describe("a state folder", () => {
  it("has every accepted write at every moment, while pictures are taken in the background", async () => {
    const { journal, set, state } = aLedger();
    await using opened = openStateFolder({ folder, journal, rewriteBytes: 400 });
    let pictures = 0;
    for (let step = 0; step < 300; step++) {
      set(`n${step % 7}`, step);
      if (step % 3 === 0) await turn();
      // As a process that was killed at this moment would have left it.
      const left = `${folder}-${step}`;
      cpSync(folder, left, { recursive: true });
      pictures += readdirSync(left).filter((name) => name.endsWith(".picture")).length;
      expect(stateIn(left)).toEqual(state());
      rmSync(left, { recursive: true });
    }
    expect(pictures).toBeGreaterThan(10);
    expect(readdirSync(folder).length).toBeLessThan(6);
    opened.rewrite();
    expect(stateIn(folder)).toEqual(state());
  });

  it("writes nothing twice and forgets nothing over many starts", async () => {
    for (let start = 0; start < 5; start++) {
      const { journal, set, state } = aLedger();
      await using opened = openStateFolder({ folder, journal });
      expect(Object.keys(state())).toHaveLength(start);
      set(`start ${start}`, start);
      if (start === 2) opened.rewrite();
    }
    expect(stateIn(folder)).toEqual({ "start 0": 0, "start 1": 1, "start 2": 2, "start 3": 3, "start 4": 4 });
  });

  it("leaves out a line whose end was never written, wherever a crash cut it", async () => {
    const { journal, set } = aLedger();
    await openAndClose(journal, () => {
      set("a", 1);
      set("b", 2);
    });
    const path = lastJournal();
    const whole = readFileSync(path, "utf8");
    const last = whole.trimEnd().lastIndexOf("\n") + 1;
    for (let length = last; length < whole.length; length++) {
      writeFileSync(path, whole.slice(0, length));
      expect(stateIn(folder)).toEqual({ a: 1 });
    }
  });

  it("goes on behind a line that was cut", async () => {
    const first = aLedger();
    await openAndClose(first.journal, () => {
      first.set("a", 1);
    });
    appendFileSync(lastJournal(), '["ledger",{"na');
    const second = aLedger();
    await openAndClose(second.journal, () => {
      second.set("b", 2);
    });
    expect(stateIn(folder)).toEqual({ a: 1, b: 2 });
  });

  it("leaves no half of a picture behind that could not be written", async () => {
    const journal = createJournal();
    const troubles: unknown[] = [];
    const scribe = journal.attach("broken", {
      replay: () => undefined,
      *capture() {
        yield { a: 1 };
        throw new Error("no space left");
      },
    });
    {
      const onTrouble = (error: unknown): void => void troubles.push(error);
      await using opened = openStateFolder({ folder, journal, rewriteBytes: 1, onTrouble });
      expect(() => {
        opened.rewrite();
      }).toThrow("no space left");
      scribe({ a: 1 });
    }
    expect(troubles).toHaveLength(1);
    expect(readdirSync(folder).filter((name) => !name.endsWith(".journal"))).toEqual([]);
  });

  it("refuses a damaged file, and says which line and what to do", async () => {
    const { journal, set } = aLedger();
    await openAndClose(journal, () => {
      set("a", 1);
      set("b", 2);
    });
    const path = lastJournal();
    writeFileSync(path, readFileSync(path, "utf8").replace('"a"', '"a'));
    expect(() => stateIn(folder)).toThrow(/\.journal, line 2 is damaged: take the folder from a copy/);
    writeFileSync(path, '["something else",{}]\n');
    expect(() => stateIn(folder)).toThrow(/is not state of a local hub of version 1/);
  });
});

async function openAndClose(journal: OpenJournal, work: (opened: StateFolder) => void): Promise<void> {
  await using opened = openStateFolder({ folder, journal });
  work(opened);
}
