import fc from "fast-check";
import { schedules } from "./schedule/event.ts";
import { play } from "./schedule/play.ts";
import { comeToRest, reachesItsEnd, stopInTheDark } from "./schedule/rest.ts";
import { createTally, missing } from "./schedule/tally.ts";
const tally = createTally();
const cats = new Map<string, number>();
const shape = (s: string) =>
  s
    .replace(/\(fw.*$/, "")
    .replace(/fw--[a-z0-9-]+/g, "R")
    .slice(0, 160);
class Broken extends Error {}
const N = Number(process.argv[2] ?? 200),
  hubs = Number(process.argv[4] ?? 1);
const want = process.argv[3] ?? "";
let maxRuns = 0;
async function one(s: any): Promise<string[]> {
  try {
    const { world, merged, disturbed } = await play(s, {
      hubs,
      tally,
      onBroken: (b) => {
        throw new Broken(b.join("\n"));
      },
    });
    const out: string[] = [];
    out.push(...(await stopInTheDark(world, merged)));
    const rest = await comeToRest(world, merged);
    maxRuns = Math.max(maxRuns, rest.runs);
    out.push(...rest.broken);
    if (!disturbed && out.length === 0) out.push(...(await reachesItsEnd(rest.world, merged)));
    return out;
  } catch (e) {
    if (e instanceof Broken) return e.message.split("\n");
    return ["BUG " + ((e as Error).stack ?? "").split("\n").slice(0, 4).join(" ; ")];
  }
}
const t0 = Date.now();
const seed = Number(process.env["SEED"] ?? Date.now() % 1e6);
const list = fc.sample(schedules(hubs), { numRuns: N, seed });
let events = 0;
const examples = new Map<string, any>();
for (const s of list) {
  events += s.events.length;
  for (const b of new Set((await one(s)).map(shape))) {
    cats.set(b, (cats.get(b) ?? 0) + 1);
    if (!examples.has(b)) examples.set(b, s);
  }
}
console.log(
  [...cats]
    .sort((a, b) => b[1] - a[1])
    .map(([k, v]) => `${v}\t${k}`)
    .join("\n"),
);
console.log("missing", missing(tally).join(", "));
if (want === "t")
  console.log(
    [...tally.reached]
      .sort()
      .map(([k, v]) => `${v} ${k}`)
      .join("; "),
  );
console.log(`${N} schedules, ${events} events in ${Date.now() - t0} ms; seed ${seed}; most runs ${maxRuns}`);
const skip = (process.env["SKIP"] ?? "~").split("|");
for (const [cat, ex] of examples) {
  if (want === "n" || want === "t" || skip.some((x) => cat.includes(x))) continue;
  let ev = [...ex.events];
  const bad = async (e: any[]) => (await one({ ...ex, events: e })).some((b) => shape(b) === cat);
  for (let size = Math.ceil(ev.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < ev.length;) {
      const less = [...ev.slice(0, at), ...ev.slice(at + size)];
      if (await bad(less)) ev = less;
      else at += size;
    }
  }
  for (let again = true; again;) {
    again = false;
    for (let at = 0; at < ev.length; at++) {
      const less = ev.filter((_, i) => i !== at);
      if (await bad(less)) {
        ev = less;
        again = true;
        break;
      }
    }
  }
  console.log("#####", cat, JSON.stringify({ ...ex, events: undefined }));
  for (const e of ev) console.log("  ", JSON.stringify(e));
  console.log("  =>", await one({ ...ex, events: ev }));
}
