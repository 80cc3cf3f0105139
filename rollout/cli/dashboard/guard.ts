import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { Secret } from "../../model/secret.ts";

/** Who is let in, and from where. */
export interface Guard {
  /** Needed by whoever acts, and by whoever reads where `isReadProtected`; absent: nobody can act. */
  readonly token?: Secret | undefined;
  readonly isReadProtected: boolean;
  /** Names that a browser may have called us by; undefined: any, since nothing is told without the token. */
  readonly hosts: (() => readonly string[]) | undefined;
}

/** Header that only a script of our own page sets: a form or a link of another site cannot. */
export const OWN_HEADER = "x-wavegate";

/**
 * Refuses what another site had a browser send. By the Host header: a name that was rebound to this machine is not ours
 * [DNS rebinding]. By Origin and Sec-Fetch-Site, where a browser sends them: only our own page may [Fetch Metadata].
 */
export function refuseForeign({ hosts }: Guard): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header("host") ?? "";
    if (hosts !== undefined && !hosts().includes(host.toLowerCase()))
      return context.json(refusal("FOREIGN_HOST", "this page is not served under that name"), 421);
    const origin = context.req.header("origin");
    const site = context.req.header("sec-fetch-site");
    const isForeign =
      (origin !== undefined && origin !== `http://${host}`) ||
      (site !== undefined && site !== "same-origin" && site !== "none");
    if (isForeign && context.req.path !== "/")
      return context.json(refusal("FOREIGN_ORIGIN", "another site may not ask this"), 403);
    await next();
    return undefined;
  };
}

/** Lets through who has the token; compared in constant time, and told in no log. */
export function requireToken({ token }: Guard): MiddlewareHandler {
  return async (context, next) => {
    const [, given = ""] = /^Bearer (\S+)$/.exec(context.req.header("authorization") ?? "") ?? [];
    if (token === undefined || !isEqual(given, token.reveal())) {
      context.header("www-authenticate", "Bearer");
      return context.json(
        refusal("TOKEN_WRONG", "this needs the token that the running dashboard printed"),
        401,
      );
    }
    await next();
    return undefined;
  };
}

/** The body of an answer that refuses. */
export function refusal(
  code: string,
  message: string,
  hint = "open the link that wavegate dashboard printed",
): unknown {
  return { schemaVersion: 1, error: { code, message, hint } };
}

/** The digests are of one length, whatever was given. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
