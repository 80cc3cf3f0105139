import { describe, expect, it } from "vitest";
import type { Channel } from "../../../../rollout/adapters/notify/channel.ts";
import { parseCursor } from "../../../../rollout/cli/notify/cursor.ts";
import { deliver, type DeliveryPorts } from "../../../../rollout/cli/notify/deliver.ts";
import { MOST_AT_ONCE, type News } from "../../../../rollout/cli/notify/untold.ts";
import { digestOf, type Digest } from "../../../../rollout/model/digest.ts";
import type { Notice, NoticeKind } from "../../../../rollout/model/notice.ts";
import { WavegateError } from "../../../../rollout/model/problem.ts";
import type { RolloutRecord } from "../../../../rollout/model/record.ts";
import { makeStop, type Stop, type StopKind } from "../../../../rollout/model/stop.ts";
import type { RecordPort } from "../../../../rollout/reconcile/ports.ts";
import { anIntent } from "../../engine/an-intent.ts";

const INTENT = anIntent();
const DOWN = new WavegateError("NOTIFY_FAILED", "example.com cannot be reached", { hint: "wait" });
const SILENT = new WavegateError("RECORD_STORE_FAILED", "no answer", { hint: "wait" });

function aStop(kind: StopKind, nonce: string): Stop {
  const { attempt, digest: release } = INTENT;
  return makeStop({
    kind,
    attempt,
    release,
    actor: "gate",
    at: "2026-01-01T00:00:00.000Z",
    reason: "bad",
    nonce,
  });
}

/** A record store that grows, its cursors, and two channels that can be made to fail. */
function stage(): {
  readonly ports: DeliveryPorts;
  readonly told: Notice[];
  readonly warnings: string[];
  readonly cursors: Map<string, string>;
  /** Titles and kinds told since the last time. */
  readonly news: () => readonly string[];
  readonly add: (kind: RolloutRecord["kind"], more?: Partial<RolloutRecord>) => Digest;
  readonly head: () => Digest | undefined;
  /** Lose the newest record; what is returned restores it. */
  readonly lose: () => () => void;
  fail: { send?: Error | undefined; store?: Error | undefined; move?: Error | undefined };
  readonly run: (more?: Partial<News>) => Promise<void>;
} {
  const records = new Map<Digest, RolloutRecord>();
  const cursors = new Map<string, string>();
  const told: Notice[] = [];
  const warnings: string[] = [];
  let head: Digest | undefined;
  let looked = 0;
  const fail: ReturnType<typeof stage>["fail"] = {};
  const answered = <T>(value: T): Promise<T> =>
    fail.store === undefined ? Promise.resolve(value) : Promise.reject(fail.store);
  const channel: Channel = {
    name: "team",
    send: (notice) => {
      if (fail.send !== undefined) return Promise.reject(fail.send);
      told.push(notice);
      return Promise.resolve();
    },
  };
  const store = {
    takenMark: () => answered(head),
    getRecord: (_: string, digest: Digest) => answered(records.get(digest)),
  } as unknown as RecordPort; // All that delivering reads.
  const ports: DeliveryPorts = {
    channels: [{ channel, wants: ({ kind }) => kind !== "widen" }],
    records: store,
    cursors: {
      cursor: (product, name) => answered(cursors.get(`${product}/${name}`)),
      moveCursor: (product, name, text, before) => {
        if (fail.move !== undefined) return Promise.reject(fail.move);
        const key = `${product}/${name}`;
        if (cursors.get(key) === before) cursors.set(key, text);
        return answered(undefined);
      },
    },
    hubs: ["plant"],
    warn: (line) => warnings.push(line),
    signal: new AbortController().signal,
  };
  return {
    ports,
    told,
    warnings,
    cursors,
    fail,
    head: () => head,
    lose: () => {
      const lost = [...records].at(-1);
      if (lost === undefined) throw new Error("there is no record");
      records.delete(lost[0]);
      return () => records.set(...lost);
    },
    news: () => told.slice(looked, (looked = told.length)).map(({ kind }) => kind),
    add: (kind, more = {}) => {
      const record: RolloutRecord = {
        ...{ schemaVersion: 1, product: "thermostat", parent: head ?? null, kind, actor: "test" },
        ...{ at: "2026-01-01T00:00:00.000Z", reason: `because ${records.size}`, subject: INTENT.attempt },
        ...{ intents: [INTENT], stops: [], ...more },
      };
      head = digestOf(record);
      records.set(head, record);
      return head;
    },
    run: (more = {}) => deliver({ product: "thermostat", at: 0, stops: [], ...more }, ports),
  };
}

describe("deliver", () => {
  it("begins a new channel at the head that the run found, and tells what the run itself recorded", async () => {
    const { add, run, news } = stage();
    for (const kind of ["create", "adopt", "start"] as const) add(kind);
    await run();
    expect(news()).toEqual([]);
    const other = stage();
    other.add("create");
    const headBefore = other.head() ?? null;
    other.add("start");
    await other.run({ headBefore });
    expect(other.news()).toEqual(["start"]);
  });

  it("begins one that is down on its first run where that run began", async () => {
    const { add, run, news, head, fail } = stage();
    add("create");
    const headBefore = head() ?? null;
    add("start");
    fail.send = DOWN;
    await run({ headBefore });
    fail.send = undefined;
    await run();
    expect(news()).toEqual(["start"]);
  });

  it("tells each decision once, in order, whatever is bookkeeping to it", async () => {
    const { add, run, news, cursors, head } = stage();
    add("create");
    await run();
    add("start");
    add("promote");
    add("widen");
    await run();
    await run();
    expect(news()).toEqual(["start", "promote"]);
    expect(parseCursor(cursors.get("thermostat/team") ?? "")?.head).toBe(head());
  });

  it("tells again by the next run what a channel did not take, and only warns", async () => {
    const { add, run, news, fail, warnings } = stage();
    add("create");
    await run();
    add("start");
    fail.send = DOWN;
    await run();
    expect(news()).toEqual([]);
    expect(warnings).toEqual([
      'warning: thermostat: channel "team": example.com cannot be reached; it is told by the next run (wait)',
    ]);
    add("promote");
    fail.send = undefined;
    await run();
    expect(news()).toEqual(["start", "promote"]);
  });

  it("sends twice, never zero times, when the cursor cannot be moved after a message, under the same id", async () => {
    const { add, run, told, fail } = stage();
    add("create");
    await run();
    const start = add("start");
    fail.move = SILENT;
    await run();
    fail.move = undefined;
    await run();
    expect(told.map(({ id }) => id)).toEqual([start, start]);
  });

  it("leaves out a message that is refused for what it is, so that the next ones are told", async () => {
    const { add, run, news, fail, warnings } = stage();
    add("create");
    await run();
    add("start");
    fail.send = new WavegateError("NOTIFY_REFUSED", "example.com answered with 400", { hint: "" });
    await run();
    fail.send = undefined;
    add("complete");
    await run();
    expect(news()).toEqual(["complete"]);
    expect(warnings.join()).toContain('"thermostat 1.1.0 starts with wave "canary"" is left out');
  });

  it("does not pile up: after a long silence it tells the newest, and how many were left out", async () => {
    const { add, run, told } = stage();
    add("create");
    await run();
    for (let index = 0; index < MOST_AT_ONCE + 7; index++) add(index % 2 === 0 ? "hold" : "resume");
    await run();
    expect(told).toHaveLength(MOST_AT_ONCE);
    expect(told.map(({ leftOut }) => leftOut)).toEqual([
      7,
      ...Array<undefined>(MOST_AT_ONCE - 1).fill(undefined),
    ]);
    await run();
    expect(told).toHaveLength(MOST_AT_ONCE);
  });

  it("waits, with its cursor where it is, while a record of the chain is missing", async () => {
    const { add, run, news, cursors, warnings, lose } = stage();
    add("create");
    await run();
    add("start");
    const restore = lose();
    await run();
    expect(warnings.join()).toContain("have to wait: a record of the chain is missing");
    restore();
    await run();
    expect(news()).toEqual(["start"]);
    expect(cursors.size).toBe(1);
  });

  it("goes on at the head where its cursor is of another line, or no cursor at all", async () => {
    for (const text of ["{", JSON.stringify({ schemaVersion: 1, head: digestOf("elsewhere"), sent: [] })]) {
      const { add, run, news, cursors, warnings } = stage();
      add("create");
      add("start");
      cursors.set("thermostat/team", text);
      await run();
      expect(news()).toEqual([]);
      expect(warnings.join()).toContain("it goes on at the head");
      add("complete");
      await run();
      expect(news()).toEqual(["complete"]);
    }
  });
});

describe("deliver, of stops", () => {
  it("tells one before it is recorded, and not again when it is", async () => {
    const { add, run, news, told } = stage();
    add("create");
    await run();
    const stop = aStop("abort", "1");
    await run({ stops: [stop] });
    add("abort", { stops: [stop] });
    await run();
    expect(news()).toEqual(["abort"]);
    expect(told[0]).toMatchObject({
      id: stop.id,
      severity: "critical",
      title: "thermostat 1.1.0 was stopped and is taken back",
    });
  });

  it("tells it while the record store is silent, and under the same id when it answers again", async () => {
    const { add, run, told, fail } = stage();
    add("create");
    await run();
    const stop = aStop("abort", "1");
    fail.store = SILENT;
    await run({ stops: [stop] });
    await run();
    expect(told.map(({ id }) => id)).toEqual([stop.id]);
    fail.store = undefined;
    add("abort", { stops: [stop] });
    await run();
    expect(told.map(({ id }) => id)).toEqual([stop.id, stop.id]);
  });

  it("tells each release's strongest of several that one record takes in", async () => {
    const { add, run, told } = stage();
    add("create");
    await run();
    const [hold, abort] = [aStop("hold", "1"), aStop("abort", "2")];
    add("abort", { stops: [hold, abort] });
    await run();
    expect(told.map(({ id }) => id)).toEqual([abort.id]);
  });
});

describe("deliver, of waiting for a person", () => {
  const waiting = { phase: "waiting", attempt: INTENT.attempt, needsPerson: true } as const;

  it("tells it once under one head, however the words about it change", async () => {
    const { add, run, news, told } = stage();
    add("create");
    await run();
    await run({ status: { ...waiting, text: 'wave "half" awaits 2 people' } });
    await run({ status: { ...waiting, text: 'wave "half" awaits 2 people, for another 2 hours' } });
    expect(news()).toEqual(["person needed"] satisfies NoticeKind[]);
    expect(told[0]).toMatchObject({ next: "wavegate status thermostat", severity: "warning" });
    add("approve");
    await run({ status: { ...waiting, text: 'wave "half" awaits 1 person beside alice' } });
    expect(news()).toEqual(["approve", "person needed"]);
  });

  it("is told by a hold's own record, not twice", async () => {
    const { add, run, news } = stage();
    add("create");
    await run();
    add("hold", { stops: [aStop("hold", "1")] });
    await run({ status: { phase: "held", attempt: INTENT.attempt, text: "held", needsPerson: true } });
    expect(news()).toEqual(["hold"]);
  });

  it("is told of what blocks, with its codes", async () => {
    const { add, run, told } = stage();
    add("create");
    await run();
    const where = { path: "releases/a.ts", summary: "it was changed", hint: "change it back" };
    const problem = { ...where, severity: "error", code: "RELEASE_CHANGED" } as const;
    await run({ problems: [problem, { ...problem, severity: "warning", code: "WAVE_OF_ONE" }] });
    expect(told.map(({ reason, next }) => ({ reason, next }))).toEqual([
      { reason: "RELEASE_CHANGED: releases/a.ts: it was changed", next: "wavegate plan thermostat" },
    ]);
  });
});
