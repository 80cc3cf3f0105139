import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import type { LocalHub } from "../../../local/hub/hub.ts";

/** What the service API answered. */
export interface ServiceAnswer {
  readonly status: number | undefined;
  readonly body: unknown;
  readonly headers: IncomingMessage["headers"];
}

/** A request to the service API that the SDK would not make; without Authorization unless a header says so. */
export async function sendToService(
  hub: LocalHub,
  path: string,
  {
    method = "GET",
    headers = {},
    body = "",
  }: { method?: string; headers?: object; body?: string | Buffer } = {},
): Promise<ServiceAnswer> {
  const call = request({
    host: "localhost",
    port: hub.httpsPort,
    ca: hub.caPem,
    agent: false,
    method,
    path,
    headers: { ...headers },
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    call.once("response", resolve).once("error", reject).end(body);
  });
  const answer = await text(response);
  return {
    status: response.statusCode,
    headers: response.headers,
    body: answer === "" ? undefined : (JSON.parse(answer) as unknown),
  };
}
