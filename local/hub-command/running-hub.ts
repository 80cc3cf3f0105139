import { createHmac } from "node:crypto";
import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { announcedHub, type AnnouncedHub } from "../hub/disk/hub-address.ts";
import { isRunning } from "../hub/disk/running-process.ts";
import { CommandTrouble } from "./trouble.ts";

/** A hub that runs on a data folder, to be told what to do. */
export interface RunningHub {
  readonly call: (
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    body?: unknown,
  ) => Promise<unknown>;
}

const TOKEN_SECONDS = 60;
const PATIENCE_MS = 30_000;

/** The hub of a folder, which says where it is and holds the key to sign with. */
export function findRunningHub(data: string): RunningHub {
  const hub = announcedHub(data);
  if (hub === undefined || !isRunning(hub.pid)) throw noHub(data);
  return { call: (method, path, body) => callHub(hub, { method, path, body, data }) };
}

async function callHub(
  { connectionString, caPem }: AnnouncedHub,
  { method, path, body, data }: { method: string; path: string; body: unknown; data: string },
): Promise<unknown> {
  const [, host = "", port = "443", key = ""] =
    /^HostName=([^;:]+)(?::(\d+))?;.*SharedAccessKey=([^;]+)/u.exec(connectionString) ?? [];
  const call = request({
    host,
    port: Number(port),
    ca: caPem,
    agent: false,
    method,
    path: `/control${path}`,
    headers: { Authorization: ownToken(host, key) },
    timeout: PATIENCE_MS,
  });
  call.once("timeout", () => call.destroy(new Error(`no answer for ${PATIENCE_MS / 1000} s`)));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    call
      .once("response", resolve)
      .once("error", reject)
      .end(body === undefined ? "" : JSON.stringify(body));
  }).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") throw noHub(data);
    throw new CommandTrouble(
      `the hub of ${data} could not be asked: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  });
  const answer: unknown = JSON.parse(await text(response));
  if (response.statusCode === 200) return answer;
  throw new CommandTrouble(refusalIn(answer) ?? `the hub of ${data} refused: ${String(response.statusCode)}`);
}

function ownToken(host: string, key: string): string {
  const expiry = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
  const signature = createHmac("sha256", Buffer.from(key, "base64"))
    .update(`${host}\n${expiry}`)
    .digest("base64");
  return `SharedAccessSignature sr=${host}&sig=${encodeURIComponent(signature)}&skn=iothubowner&se=${expiry}`;
}

/** The text of a refusal without the error's name, which is for programs. */
function refusalIn(answer: unknown): string | undefined {
  if (typeof answer !== "object" || answer === null || !("Message" in answer)) return undefined;
  return String(answer.Message).replace(/^ErrorCode:\w+;/u, "");
}

function noHub(data: string): CommandTrouble {
  return new CommandTrouble(
    `no hub runs on ${data}: start one with \`npm run hub -- --data ${data}\`, then type this again`,
  );
}
