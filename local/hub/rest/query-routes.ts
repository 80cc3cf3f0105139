import { createHash } from "node:crypto";
import { z } from "zod";
import type { Device } from "../device.ts";
import { jsonOrUndefined, type JsonObject } from "../json-value.ts";
import { QuerySyntaxError } from "../query/parser.ts";
import type { QueryOptions } from "../query/query-options.ts";
import {
  compileAnyQuery,
  type CompiledJobQuery,
  type CompiledQuery,
  type PageRange,
  type QueryPage,
} from "../query/query.ts";
import { argumentInvalid } from "../service-error.ts";
import { ACCESS } from "./route-access.ts";
import { parseCount, type Route } from "./service-call.ts";

const request = z.object({ query: z.string() });
const continuation = z.object({ query: z.string(), next: z.int().min(1), given: z.int().min(1) });

/** Where the rows of each collection come from, in the order in which they are given. */
export interface QuerySources {
  readonly devices: () => Iterable<Device>;
  readonly modules: () => Iterable<Device>;
  /** What each device has to do in a job, as the service shows it [facts 3.2]. */
  readonly jobs: () => Iterable<JsonObject>;
}

/** Queries over twins and jobs, page by page [facts 3.1]. */
export function queryRoutes(sources: QuerySources, options: QueryOptions = {}): readonly Route[] {
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
        const query = compiled(parsed.data.query, options);
        const size = parseCount(header("x-ms-max-item-count"), {
          name: "x-ms-max-item-count",
          // The largest page is the default one too [facts 3.1].
          limit: options.largestPage ?? 100,
        });
        const start = startFrom(header("x-ms-continuation"), parsed.data.query);
        const { rows, next, given } = pageOf(query, sources, { ...start, size });
        return {
          status: 200,
          body: rows,
          headers: {
            "x-ms-item-type": query.itemType,
            // Left out on the last page: an empty one would keep the SDK asking for ever [facts 3.1].
            ...(next !== undefined && {
              "x-ms-continuation": continuationOf({ query: fingerprint(parsed.data.query), next, given }),
            }),
          },
        };
      },
    },
  ];
}

function pageOf(query: CompiledQuery | CompiledJobQuery, sources: QuerySources, range: PageRange): QueryPage {
  switch (query.collection) {
    case "devices":
      return query.page(sources.devices(), range);
    case "devices.modules":
      return query.page(sources.modules(), range);
    case "devices.jobs":
      return query.page(sources.jobs(), range);
  }
}

function compiled(text: string, options: QueryOptions): CompiledQuery | CompiledJobQuery {
  try {
    return compileAnyQuery(text, options);
  } catch (error) {
    throw error instanceof QuerySyntaxError ? argumentInvalid(`BadRequest: ${error.message}`) : error;
  }
}

function continuationOf(place: z.infer<typeof continuation>): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

function startFrom(token: string | undefined, query: string): { from: number; given: number } {
  if (token === undefined || token === "") return { from: 0, given: 0 };
  const parsed = continuation.safeParse(jsonOrUndefined(Buffer.from(token, "base64url").toString()));
  if (!parsed.success || parsed.data.query !== fingerprint(query)) {
    throw argumentInvalid(
      "The continuation does not belong to this query: start again without x-ms-continuation",
    );
  }
  return { from: parsed.data.next, given: parsed.data.given };
}

function fingerprint(query: string): string {
  return createHash("sha256").update(query).digest("base64url").slice(0, 16);
}
