import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import type { LocalHub } from "../../local/hub/hub.ts";

/** Devices that are connected, as the hub's own metrics page has it. */
export async function connectedByMetrics({ httpsPort, caPem }: LocalHub): Promise<number> {
  const asked = get({ host: "localhost", port: httpsPort, path: "/metrics", ca: caPem, agent: false });
  // The event's one argument.
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const found = /^local_hub_connected_devices (\d+)$/mu.exec(await text(response))?.[1];
  if (found === undefined) throw new Error("the hub's metrics do not say how many devices are connected");
  return Number(found);
}
