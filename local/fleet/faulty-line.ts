import type { HubSession, OpenHubSession } from "../../device/hub-session.ts";
import type { Clock } from "../clock.ts";
import type { Fate } from "./fate.ts";
import type { FaultyBoard } from "./faulty-board.ts";
import type { Turnstile } from "./turnstile.ts";

/** What a simulated device's line is made of. */
export interface FaultyLineOptions {
  readonly open: OpenHubSession;
  readonly fate: Fate;
  readonly clock: Clock;
  /** Paces the handshakes of all devices of the process. */
  readonly turnstile: Turnstile;
  readonly board: Pick<FaultyBoard, "fault" | "runs">;
}

/** Mean virtual time that a flaky device is on the line, and away. */
const FLAKY_UP_MS = 2 * 3_600_000;
const FLAKY_AWAY_MS = 20 * 60_000;

/** A line that is cut when the network is away, and that carries what a device says the way fate has it. */
export function faultyLine({ open, fate, clock, turnstile, board }: FaultyLineOptions): OpenHubSession {
  let outages = 0;
  return async (options) => {
    // Away before the first connection too would be a device that nobody has seen.
    if (fate.connectivity === "flaky" && outages > 0) {
      await clock.sleep(2 * FLAKY_AWAY_MS * fate.chance("away", String(outages)), options.signal);
    }
    const session = await turnstile(() => open(options));
    if (fate.connectivity !== "flaky") return told(session);
    outages += 1;
    const over = new AbortController();
    const away = clock
      .sleep(2 * FLAKY_UP_MS * fate.chance("up", String(outages)), over.signal)
      .then(() => "the simulated network went away");
    return told({
      ...session,
      // A wait that was called off says nothing.
      lost: Promise.race([session.lost, away.catch(() => session.lost)]),
      close() {
        over.abort();
        return session.close();
      },
    });
  };

  function told(session: HubSession): HubSession {
    return {
      ...session,
      report(reported) {
        const fault = board.fault();
        if (fault === "goes-silent") return Promise.resolve();
        const currentFwVersion = board.runs();
        if (fault === "runs-old-says-ok" && currentFwVersion !== undefined)
          return session.report({ ...reported, currentFwVersion });
        return session.report(reported);
      },
    };
  }
}
