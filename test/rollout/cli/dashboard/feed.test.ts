import { describe, expect, it } from "vitest";
import { createFeed, type FeedSources, type Shown } from "../../../../rollout/cli/dashboard/feed.ts";
import { WavegateError } from "../../../../rollout/model/problem.ts";

/** A feed over a world that the test moves; its clock goes a thousand times as fast as ours. */
async function running(
  more: Partial<FeedSources>,
  story: (feed: ReturnType<typeof createFeed>, looks: () => number) => Promise<void>,
): Promise<void> {
  let looks = 0;
  const startedAt = performance.now();
  const clock = {
    now: () => (performance.now() - startedAt) * 1_000,
    monotonic: () => performance.now(),
    sleep: () => Promise.resolve(),
  };
  const end = new AbortController();
  const feed = createFeed({
    clock,
    look: () => Promise.resolve({ at: (looks += 1), products: [], queries: 6 }),
    tell: () => Promise.resolve([]),
    mark: () => Promise.resolve("head"),
    pauseMs: () => 0,
    everyMs: Infinity,
    ...more,
  });
  const over = feed.run(end.signal);
  await story(feed, () => looks);
  end.abort();
  await over;
}

describe("what a dashboard asks of the hub", () => {
  it("is nothing while nobody reads, and one look for the first who does", async () => {
    await running({}, async (feed, looks) => {
      expect(looks()).toBe(0);
      const [one, other] = await Promise.all([feed.current(), feed.current()]);
      expect(one).toBe(other);
      expect(looks()).toBe(1);
      expect((await feed.current()).at).toBe(1);
      expect(looks()).toBe(1);
    });
  });

  it("is one more look when somebody has recorded a decision, long before it is due", async () => {
    let head = "one";
    await running({ mark: () => Promise.resolve(head) }, async (feed, looks) => {
      await feed.current();
      const changed = Promise.withResolvers<Shown>();
      const leave = feed.subscribe(changed.resolve);
      head = "two";
      expect((await changed.promise).version).toBe(2);
      expect(looks()).toBe(2);
      leave();
    });
  });

  it("is not more when the hub fails: what was seen stands, and is said to be old", async () => {
    let isUp = true;
    const look = (): ReturnType<FeedSources["look"]> =>
      isUp
        ? Promise.resolve({ at: 7, products: [], queries: 6 })
        : Promise.reject(new WavegateError("HUB_UNREACHABLE", "nobody there", { hint: "" }));
    await running({ look }, async (feed) => {
      await feed.current();
      isUp = false;
      const changed = Promise.withResolvers<Shown>();
      feed.subscribe(changed.resolve);
      feed.lookSoon();
      expect(await changed.promise).toMatchObject({ at: 7, trouble: { code: "HUB_UNREACHABLE" } });
    });
  });

  it("tells what the records hold where no hub has answered yet", async () => {
    const look = (): never => {
      throw new WavegateError("HUB_UNREACHABLE", "nobody there", { hint: "" });
    };
    const story = { product: "thermostat", rollouts: [], decisions: [] };
    const tell: FeedSources["tell"] = (refresh) => Promise.resolve(refresh === undefined ? [story] : []);
    await running({ look, tell }, async (feed) => {
      const shown = await feed.current();
      expect(shown).toMatchObject({ products: [story], trouble: { code: "HUB_UNREACHABLE" } });
      expect(shown.at).toBeUndefined();
    });
  });
});
