import { STATUS_CODES } from "node:http";
import type { Server } from "node:https";
import type { Duplex } from "node:stream";
import type { HubClock } from "../clock.ts";
import { argumentInvalid, newTrackingId, restErrorBody, ServiceError } from "../service-error.ts";
import { sendRefusal } from "./response.ts";

/**
 * Answer what the HTTP parser cannot read, or has waited for too long, in the form of every other refusal, and close:
 * where the next request would begin is not known.
 */
export function refuseWhatIsNoRequest(server: Server, clock: HubClock): void {
  server.on("checkExpectation", (_request, response) => {
    const refusal = new ServiceError(417, "ArgumentInvalid", { message: "Expect can be 100-continue alone" });
    sendRefusal(response, refusal, stampOf(clock));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const refusal = refusalOf(error);
    const body = JSON.stringify(restErrorBody(refusal, stampOf(clock)));
    const head = [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}`,
      "Connection: close",
      "Content-Type: application/json; charset=utf-8",
      `iothub-errorcode: ${refusal.code}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  });
}

function stampOf(clock: HubClock): { now: number; trackingId: string } {
  const now = clock.now();
  return { now, trackingId: newTrackingId(now) };
}

/** The statuses are those that Node would answer. */
function refusalOf({ code }: NodeJS.ErrnoException): ServiceError {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new ServiceError(431, "ArgumentInvalid", { message: "The headers are over 16 KB" });
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new ServiceError(413, "MessageTooLarge", {
        message: "The extensions of a chunk are over 16 KB",
      });
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new ServiceError(408, "ArgumentInvalid", { message: "The request did not arrive in time" });
    default:
      return argumentInvalid("The request is no HTTP/1.1");
  }
}
