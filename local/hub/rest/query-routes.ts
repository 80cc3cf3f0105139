import { createHash } from "node:crypto";
import { z } from "zod";
import type { DeviceStore } from "../device-store.ts";
import { compileQuery, type CompiledQuery } from "../query/query.ts";
import { QuerySyntaxError } from "../query/parser.ts";
import { argumentInvalid } from "../service-error.ts";
import { ACCESS } from "./route-access.ts";
import { parseCount, type Route } from "./service-call.ts";

/** Largest page, and the default one [facts 3.1]. */
const PAGE_SIZE = 100;

const request = z.object({ query: z.string() });
const continuation = z.object({ query: z.string(), next: z.int().min(1) });

/** Queries over twins, page by page [facts 3.1]. */
export function queryRoutes(devices: DeviceStore): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/devices/query",
      access: ACCESS.readTwins,
      counted: "queries",
      throttled: "queries",
      metered: "answer",
      answer: ({ body, header }) => {
        const parsed = request.safeParse(body);
        if (!parsed.success) throw argumentInvalid('A query is sent as {"query": "SELECT …"}');
        const query = compiled(parsed.data.query);
        const size = parseCount(header("x-ms-max-item-count"), {
          name: "x-ms-max-item-count",
          limit: PAGE_SIZE,
        });
        const from = placeFrom(header("x-ms-continuation"), parsed.data.query);
        const seen = query.collection === "devices" ? devices.seen.devices : devices.seen.modules;
        const records = Iterator.from(seen()).filter((record) => record !== undefined);
        const { rows, next } = query.page(records, { from, size });
        return {
          status: 200,
          body: rows,
          headers: {
            "x-ms-item-type": query.itemType,
            // Left out on the last page: an empty one would keep the SDK asking for ever [facts 3.1].
            ...(next === undefined ? {} : { "x-ms-continuation": continuationOf(parsed.data.query, next) }),
          },
        };
      },
    },
  ];
}

function compiled(text: string): CompiledQuery {
  try {
    return compileQuery(text);
  } catch (error) {
    throw error instanceof QuerySyntaxError ? argumentInvalid(`BadRequest: ${error.message}`) : error;
  }
}

function continuationOf(query: string, next: number): string {
  return Buffer.from(JSON.stringify({ query: fingerprint(query), next })).toString("base64url");
}

function placeFrom(token: string | undefined, query: string): number {
  if (token === undefined || token === "") return 0;
  const parsed = continuation.safeParse(jsonOrUndefined(Buffer.from(token, "base64url").toString()));
  if (!parsed.success || parsed.data.query !== fingerprint(query)) {
    throw argumentInvalid(
      "The continuation does not belong to this query: start again without x-ms-continuation",
    );
  }
  return parsed.data.next;
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not one of our continuations
  }
}

function fingerprint(query: string): string {
  return createHash("sha256").update(query).digest("base64url").slice(0, 16);
}
