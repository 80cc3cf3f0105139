import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { LocalHub } from "../../local/hub/hub.ts";

/** The power meter of a test bench, for `http-json` sources: `GET /power?version=1.1.0`. */
export interface Meter extends AsyncDisposable {
  readonly url: string;
  /** Measure the devices of a hub, by what they really run, at the fleet's time (epoch ms). */
  readonly connect: (hub: LocalHub, now: () => number) => void;
}

/** What a thermostat draws. */
const IDLE_WATTS = 2.4;
/** Firmware that does not let the radio sleep: each hour that a device runs it, it draws so much more. */
const LEAK = { version: "1.1.0", wattsPerHour: 0.8 } as const;
const HOUR_MS = 3_600_000;

/** Start it; before it is connected it has nothing to say, which is no good news. */
export async function startMeter(): Promise<Meter> {
  /** First instant at which each device was seen to run a version, by both. */
  const since = new Map<string, number>();
  let bench: { readonly hub: LocalHub; readonly now: () => number } | undefined;

  function measure(version: string | null): object {
    if (bench === undefined) return {};
    const { hub, now } = bench;
    const at = now();
    const watts = [...hub.twins.all()].flatMap(({ deviceId, reported }) => {
      // What our own agent reports.
      const { firmware } = reported.value as { readonly firmware?: { readonly currentFwVersion: string } };
      if (firmware === undefined || firmware.currentFwVersion !== version) return [];
      const key = `${deviceId} ${version}`;
      if (!since.has(key)) since.set(key, at);
      const hours = (at - (since.get(key) ?? at)) / HOUR_MS;
      return [IDLE_WATTS + (version === LEAK.version ? LEAK.wattsPerHour * hours : 0)];
    });
    // The mean of nothing is no number: it is left out, and a gate that misses it holds.
    return {
      ...(watts.length === 0 ? {} : { watts: watts.reduce((sum, one) => sum + one, 0) / watts.length }),
      measuredAt: new Date(at).toISOString(),
    };
  }

  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://localhost");
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(measure(searchParams.get("version"))));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    connect: (hub, now) => {
      bench = { hub, now };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the meter does not listen");
  return address.port;
}
