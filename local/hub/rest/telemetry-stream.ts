import { isUtf8 } from "node:buffer";
import type { Telemetry, TelemetryMessage } from "../telemetry-log.ts";
import { serviceTime } from "../timestamp.ts";
import type { OperatorStream } from "./operator-pages.ts";
import { ACCESS } from "./route-access.ts";

/** A reader that leaves more than this unread is cut off. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;
/** Most readers at once. */
const MAX_READERS = 100;

/**
 * `GET /telemetry`: messages of devices as they come, one JSON line each, or as server-sent events for who accepts those;
 * `?latest=N` begins with the latest N. FIDELITY: ours alone, IoT Hub has an Event Hubs endpoint instead.
 */
export function telemetryStream(telemetry: Telemetry): OperatorStream {
  let readers = 0;
  return {
    path: "/telemetry",
    access: ACCESS.readTelemetry,
    serve: ({ request, response, search }) => {
      if (readers >= MAX_READERS) {
        response
          .writeHead(503, { "Content-Type": "text/plain" })
          .end(`${MAX_READERS} readers are served already\n`);
        return;
      }
      const isEvents = request.headers.accept?.includes("text/event-stream") === true;
      const write = (message: TelemetryMessage): void => {
        const line = JSON.stringify(telemetryDocument(message));
        response.write(isEvents ? `id: ${message.sequenceNumber}\ndata: ${line}\n\n` : `${line}\n`);
        if (response.writableLength > MAX_UNREAD_BYTES) request.socket.destroy();
      };
      response.writeHead(200, {
        "Content-Type": isEvents ? "text/event-stream" : "application/x-ndjson; charset=utf-8",
        "Cache-Control": "no-store",
      });
      response.flushHeaders();
      const latest = telemetry.latest();
      const wanted = Number(search["latest"] ?? 0);
      for (const message of wanted > 0 ? latest.slice(-Math.min(wanted, latest.length)) : []) write(message);
      const subscription = telemetry.subscribe(write);
      readers += 1;
      response.once("close", () => {
        subscription[Symbol.dispose]();
        readers -= 1;
      });
    },
  };
}

/** A message as JSON; its body as text where it is UTF-8, else as base64. */
function telemetryDocument({ enqueuedAt, body, ...message }: TelemetryMessage): object {
  return {
    ...message,
    enqueuedTime: serviceTime(enqueuedAt),
    ...(isUtf8(body) ? { body: body.toString() } : { bodyBase64: body.toString("base64") }),
  };
}
