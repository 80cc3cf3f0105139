import { afterAll, beforeAll, describe, test } from "vitest";
import { judge } from "./judge.ts";
import { AZURE_CONNECTION_STRING, openHubUnderTest, type HubUnderTest } from "./hub-under-test.ts";

/** What a case needs beside a hub. */
export interface CaseNeeds {
  /** Restarts, faults, the clock, keys that only a local hub tells. */
  readonly needs: "local";
  /** Why Azure cannot run it: the reason of its skip there. */
  readonly because: string;
}

/** A sentence of behaviour; `[G]` in its name marks one that no source settles. */
export type Case = (
  name: string,
  ...rest:
    | readonly [run: (hub: HubUnderTest) => Promise<void>]
    | readonly [needs: CaseNeeds, run: (hub: HubUnderTest) => Promise<void>]
) => void;

/** On Azure a case waits for evaluations and for its turn in the limits. */
const LIVE_CASE_MS = 40 * 60_000;
const LOCAL_CASE_MS = 30_000;

/** The cases of one area, which share a hub and nothing else. */
export function describeArea(area: string, cases: (it: Case) => void): void {
  describe(area, () => {
    const isLive = AZURE_CONNECTION_STRING !== undefined;
    const timeout = isLive ? LIVE_CASE_MS : LOCAL_CASE_MS;
    let hub: HubUnderTest | undefined;
    beforeAll(async () => {
      hub = await openHubUnderTest();
    }, timeout);
    afterAll(async () => {
      await hub?.[Symbol.asyncDispose]();
    }, timeout);
    cases((name, ...rest) => {
      const [needs, run] = rest.length === 1 ? [undefined, rest[0]] : rest;
      test(name, { timeout }, async ({ skip }) => {
        if (isLive && needs !== undefined) skip(`needs a local hub: ${needs.because}`);
        if (hub === undefined) throw new Error("The hub did not open");
        const open = hub;
        await judge({ name, isLive, run: () => run(open), skip });
      });
    });
  });
}
