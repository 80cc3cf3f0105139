import { describe, expect, it } from "vitest";
import { readStored } from "../../../rollout/adapters/read-stored.ts";
import type { NamedRecord } from "../../../rollout/engine/observation.ts";
import { chainOf } from "../../../rollout/engine/verify/chain-of.ts";
import { assessEvidence } from "../../../rollout/engine/assess-evidence.ts";
import { isRolledOut } from "../../../rollout/model/record.ts";
import { harmBands, type HarmBands } from "../../../rollout/page/harm-bands.ts";
import { reportDocument } from "../../../rollout/page/report-document.ts";
import { storyOf, type StoryInput } from "../../../rollout/page/story.ts";
import { aStoredRollout } from "../engine/a-stored-rollout.ts";

// The story of a product is told from what is stored of it, and from nothing else.

async function stored(kind: "good" | "bad"): Promise<StoryInput> {
  const { records, looks, marks } = readStored(await aStoredRollout(kind));
  const [head] = marks.values();
  const chain = chainOf(records, head!).chain.flatMap((digest): NamedRecord[] => {
    const record = records.get(digest);
    return record === undefined ? [] : [{ digest, record }];
  });
  // A forecast is played where a test is about it.
  return { product: "thermostat", chain: chain.reverse(), looks, bandsOf: () => undefined };
}

const BAD = await stored("bad");
const GOOD = await stored("good");

describe("the story of a rollout that the gate stopped", () => {
  const story = storyOf(BAD);
  const [rollout] = story.rollouts;

  it("says where it ended, by whom and why, as the record has it", () => {
    expect(rollout?.headline).toBe('1.1.0 was stopped in wave "half" (2 of 3); its devices are back');
    expect(rollout?.stop).toEqual({
      actor: "gate",
      reason: BAD.chain.find(({ record }) => record.kind === "abort")?.record.reason,
    });
    expect(rollout?.waves.map(({ state }) => state)).toEqual(["passed", "stopped", "never"]);
    expect(rollout?.exposure.at(-1)?.devices).toBe(0);
  });

  it("has at the deciding look the very evidence that the record was decided on", () => {
    const abort = BAD.chain.find(({ record }) => record.kind === "abort")?.record;
    const reason = abort?.verdict?.reasons[0];
    const at = rollout?.judged.find((look) => look.at === abort?.judged?.at);
    const found = at?.strata.find(({ stratum }) => stratum === reason?.stratum)?.against;
    expect(found).toMatchObject({ k: reason?.k, n: reason?.n, threshold: reason?.threshold });
    expect(Math.exp(found?.logE ?? NaN)).toBeCloseTo(reason?.evidence ?? 0, 6);
    // The same judge says the same of the evidence as it is recorded.
    const intent = abort?.intents.filter(isRolledOut).find(({ attempt }) => attempt === abort.subject);
    expect(assessEvidence(abort!.judged!, intent!.release).kind).toBe("abort");
  });

  it("sets the devices harmed against a forecast from the record alone, the same at every telling", () => {
    const tell = (): HarmBands | undefined => storyOf({ ...BAD, bandsOf: harmBands }).rollouts[0]?.bands;
    const bands = tell();
    expect(bands?.tolerated.p95).toBeLessThan(bands?.rejected.p95 ?? 0);
    expect(bands?.rejected.stopped).toBeGreaterThan(bands?.tolerated.stopped ?? 1);
    expect(tell()).toEqual(bands);
  });

  it("leaves the forecast out where the record does not tell the strata's devices", () => {
    const chain = BAD.chain.map(({ digest, record }) => ({
      digest,
      record: {
        ...record,
        intents: record.intents.map((intent) => {
          if (!isRolledOut(intent)) return intent;
          return { ...intent, population: {} };
        }),
      },
    }));
    expect(storyOf({ ...BAD, chain, bandsOf: harmBands }).rollouts[0]?.bands).toBeUndefined();
  });
});

describe("the story of a rollout that reached everyone", () => {
  const [rollout] = storyOf(GOOD).rollouts;

  it("has every wave passed, with the devices that each added", () => {
    expect(rollout?.state).toBe("settled");
    expect(rollout?.waves.map(({ state }) => state)).toEqual(["passed", "passed", "passed"]);
    expect(rollout?.exposure.at(-1)?.devices).toBe(300);
  });

  it("tells each outcome's time between the look that counted it and the one before", () => {
    for (const { latest, earliest, devices } of rollout?.times ?? []) {
      expect(devices).toBe(150);
      expect(latest.at(-1)?.ok).toBeCloseTo(1, 9);
      const half = (points: typeof latest): number => points.find(({ ok }) => ok >= 0.5)?.ms ?? Infinity;
      expect(half(earliest)).toBeLessThan(half(latest));
    }
    expect(rollout?.times.map(({ stratum }) => stratum)).toEqual(["A", "B"]);
  });

  it("tells the decisions alone where no look is stored", () => {
    const blind = storyOf({ ...GOOD, looks: new Map() });
    expect(blind.rollouts[0]).toMatchObject({ looks: 0, progress: [], judged: [], times: [] });
    expect(blind.decisions).toHaveLength(GOOD.chain.length);
  });
});

describe("a report", () => {
  it("escapes what people and devices wrote, on the page and in the records beside it", async () => {
    const evil = '</script><script>alert("x")</script><img src=x onerror=alert(1)>';
    const chain = BAD.chain.map(({ digest, record }) => ({
      digest,
      record: { ...record, reason: evil, actor: evil },
    }));
    const input = { ...BAD, chain };
    const text = await reportDocument({
      products: [{ story: storyOf(input), chain }],
      script: "// none",
      at: 0,
    });
    expect(text).not.toContain("<img");
    expect(text.match(/<script/g)).toHaveLength(2);
    expect(text).toContain("&lt;/script&gt;&lt;script&gt;alert(&quot;x&quot;)");
  });

  it("asks nobody for anything: no address of anything in it, and a policy that lets nothing through", async () => {
    const text = await reportDocument({
      products: [{ story: storyOf(BAD), chain: BAD.chain }],
      script: "// none",
      at: 0,
    });
    expect(text).toMatch(/content="default-src &#39;none&#39;|content="default-src 'none'/);
    expect(text).not.toMatch(/\b(?:src|href|action)="(?!#)/);
    expect(text).not.toMatch(/ style="| on[a-z]+="/);
  });

  it("has every id once, and names every picture and table", async () => {
    const text = await reportDocument({
      products: [{ story: storyOf(GOOD), chain: GOOD.chain }],
      script: "// none",
      at: 0,
    });
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const pictures = text.match(/<svg [^>]*role="img"/g) ?? [];
    expect(pictures.length).toBeGreaterThanOrEqual(6);
    expect(text.match(/<desc id=/g)).toHaveLength(pictures.length);
    expect(text.match(/<table>/g)?.length).toBe(text.match(/<caption>/g)?.length);
  });
});
