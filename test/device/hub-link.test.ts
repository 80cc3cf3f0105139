import { expect, it } from "vitest";
import { holdHubLink } from "../../device/hub-link.ts";
import type { HubSession } from "../../device/hub-session.ts";

it("waits longer from try to try while a twin of its identity throws it out at once", async () => {
  const opened: number[] = [];
  const { promise: often, resolve: seenOften } = Promise.withResolvers<undefined>();
  const link = holdHubLink({
    connectionString: "HostName=localhost;DeviceId=one-of-two;SharedAccessKey=AA==",
    twinTimeoutMs: 1_000,
    longestRetryMs: 60_000,
    openSession: () => {
      opened.push(performance.now());
      if (opened.length === 6) seenOften(undefined);
      return Promise.resolve(thrownOut());
    },
    onDesired: () => undefined,
    onEvent: () => undefined,
  });
  await often;
  await link[Symbol.asyncDispose]();
  const waits = opened.slice(1).map((at, index) => at - (opened[index] ?? 0));
  // Each wait is drawn by chance around twice the one before; a quarter second each would be one and a quarter in all.
  expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(2_500);
});

function thrownOut(): HubSession {
  return {
    reported: () => undefined,
    report: () => Promise.resolve(),
    refresh: () => undefined,
    listen: () => undefined,
    lost: Promise.resolve("another connection took its place"),
    close: () => Promise.resolve(),
  };
}
