import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import { WavegateError } from "../../model/problem.ts";
import { contentPolicy } from "../../page/content-policy.ts";
import { dashboardDocument } from "../../page/dashboard-document.ts";
import { PAGE_STYLE } from "../../page/page-style.ts";
import { ACTIONS } from "../../page/sections/actions.ts";
import { productSection } from "../../page/sections/product-section.ts";
import type { Acted, Wanted } from "./act.ts";
import type { Feed, Shown } from "./feed.ts";
import { OWN_HEADER, refusal, refuseForeign, requireToken, type Guard } from "./guard.ts";

/** What the dashboard serves. */
export interface Dashboard {
  readonly feed: Feed;
  readonly guard: Guard;
  /** Text of `page/browser/dashboard.js`. */
  readonly script: string;
  /** Absent: it is read-only. */
  readonly act?: ((wanted: Wanted) => Promise<Acted>) | undefined;
}

/** Real ms between two signs of life on a stream that has nothing to tell. */
const PING_MS = 5_000;
const MOST_BODY_BYTES = 4_096;

const wantedSchema = z.strictObject({ reason: z.string().trim().max(200).default("") });

/** The dashboard as a web application: the page, its stream, and the API of docs/dashboard.md. */
export function dashboardApp({ feed, guard, script, act }: Dashboard): Hono {
  const app = new Hono();
  const policy = contentPolicy({ style: PAGE_STYLE, script, connect: "'self'" });
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries({ ...HEADERS, "content-security-policy": policy }))
      context.header(name, value);
  });
  app.use(refuseForeign(guard));
  app.get("/", async (context) =>
    context.html(await dashboardDocument({ script, canAct: act !== undefined })),
  );
  if (guard.isReadProtected) app.use("/api/*", requireToken(guard));
  app.get("/api/products", async (context) => context.json(bodyOf(await feed.current())));
  app.get("/api/products/:product", async (context) => {
    const shown = await feed.current();
    const product = shown.products.find((one) => one.product === context.req.param("product"));
    if (product === undefined)
      return context.json(refusal("UNKNOWN_PRODUCT", "no such product", "GET /api/products"), 404);
    return context.json(bodyOf({ ...shown, products: [product] }));
  });
  app.get("/api/events", (context) =>
    streamSSE(context, async (stream) => {
      const sent = new Map<string, string>();
      let changed = Promise.withResolvers<undefined>();
      let latest = await feed.current();
      // What was decided is told once, even where pages are drawn more slowly than looks come.
      const news: string[] = [];
      const unsubscribe = feed.subscribe((shown) => {
        latest = shown;
        news.push(...shown.news);
        changed.resolve(undefined);
      });
      stream.onAbort(() => {
        unsubscribe();
        changed.resolve(undefined);
      });
      const isOver = (): boolean => stream.aborted || stream.closed;
      while (!isOver()) {
        const shown = latest;
        await stream.writeSSE({
          event: "page",
          data: JSON.stringify(await pageOf({ ...shown, news: news.splice(0) }, sent, act !== undefined)),
        });
        while (latest.version === shown.version && !isOver()) {
          changed = Promise.withResolvers();
          const ping = setTimeout(changed.resolve, PING_MS, undefined);
          await changed.promise;
          clearTimeout(ping);
          if (latest.version === shown.version && !isOver()) await stream.write(": alive\n\n");
        }
      }
      unsubscribe();
    }),
  );
  app.post(
    "/api/products/:product/:action",
    bodyLimit({ maxSize: MOST_BODY_BYTES }),
    requireToken(guard),
    async (context) => {
      const action = ACTIONS.find((one) => one === context.req.param("action"));
      if (act === undefined || action === undefined)
        return context.json(
          refusal("NO_ACTION", "there is no such action here", "start it with --allow-actions"),
          404,
        );
      if (context.req.header(OWN_HEADER) === undefined)
        return context.json(
          refusal("FOREIGN_ORIGIN", `the header ${OWN_HEADER} is missing`, `send ${OWN_HEADER}: 1`),
          403,
        );
      const parsed = wantedSchema.safeParse(await context.req.json().catch(() => undefined));
      if (!parsed.success || (parsed.data.reason === "" && action !== "approve"))
        return context.json(
          refusal("BAD_OPTION", "this needs a reason, for the record", 'send {"reason": "..."}'),
          400,
        );
      const product = context.req.param("product");
      try {
        const acted = await act({ action, product, reason: parsed.data.reason });
        return context.json({ schemaVersion: 1, ...acted }, acted.isWhole ? 200 : 502);
      } catch (error) {
        if (!(error instanceof WavegateError)) throw error;
        return context.json(refusal(error.code, error.message, error.hint), 409);
      } finally {
        feed.lookSoon();
      }
    },
  );
  app.notFound((context) =>
    context.json(refusal("NOT_FOUND", "there is nothing here", "GET /api/products"), 404),
  );
  return app;
}

const HEADERS = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

function bodyOf({ at, trouble, products }: Shown): Readonly<Record<string, unknown>> {
  return { schemaVersion: 1, at, trouble, products };
}

/** What the page is told: the products whose picture is another than the one it was sent last. */
async function pageOf(
  { at, products, trouble, news }: Shown,
  sent: Map<string, string>,
  canAct: boolean,
): Promise<Readonly<Record<string, unknown>>> {
  const changed: { readonly product: string; readonly html: string }[] = [];
  for (const story of products) {
    const html = String(await productSection(story, { canAct }));
    if (sent.get(story.product) === html) continue;
    sent.set(story.product, html);
    changed.push({ product: story.product, html });
  }
  return { at, trouble, news, products: changed, all: products.map(({ product }) => product) };
}
