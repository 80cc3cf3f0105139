import { expandQuery } from "../../model/metric-query.ts";
import { callHttp } from "../http-call.ts";
import type { MetricSource } from "./metric-source.ts";
import { answerOfJson, parseJson } from "./numbers.ts";
import { readSecret, type SecretPlace } from "../secret-place.ts";
import { SourceFailure } from "../source-failure.ts";

/**
 * Any HTTP service that answers with JSON. A query is an address below the source's own, and after `#` a JSON pointer to
 * the number, or to an object of numbers by stratum [RFC 6901, 6]: `crashes?version={{version}}#/bad`.
 */
export function httpJson(settings: {
  /** Address that every query starts with. */
  readonly url: string;
  readonly token?: SecretPlace;
  readonly ca?: string;
}): MetricSource {
  const base = new URL(settings.url.endsWith("/") ? settings.url : `${settings.url}/`);
  return async ({ query, values, wants }, signal) => {
    const url = below(base, expandQuery(query, values, encodeURIComponent));
    const pointer = decoded(url.hash.slice(1));
    url.hash = "";
    const token = settings.token === undefined ? undefined : await readSecret(settings.token);
    const { status, body } = await callHttp({ url, token, ca: settings.ca }, signal);
    if (status !== 200) throw new SourceFailure("failed", `${url.host} answered with ${status}`);
    return answerOfJson(pointedAt(parseJson(body), pointer), wants);
  };
}

/** The token is for what lies below the source's address, and for nothing else. */
function below(base: URL, query: string): URL {
  const url = URL.parse(query, base.href);
  if (url?.origin === base.origin && url.pathname.startsWith(base.pathname)) return url;
  throw new SourceFailure(
    "failed",
    `the query leads away from ${base.host}: write it relative to the source's address`,
  );
}

function decoded(pointer: string): string {
  try {
    return decodeURIComponent(pointer);
  } catch {
    throw new SourceFailure("failed", "what follows # in the query is no JSON pointer");
  }
}

/** What a JSON pointer points at; undefined where there is nothing [RFC 6901, 4]. */
export function pointedAt(document: unknown, pointer: string): unknown {
  if (pointer === "") return document;
  if (!pointer.startsWith("/")) throw new SourceFailure("failed", "a JSON pointer begins with /");
  let at = document;
  for (const step of pointer.slice(1).split("/")) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key]; // It has that key of its own: an object, or a list's index.
  }
  return at;
}
