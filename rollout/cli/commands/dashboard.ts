import { resolve } from "node:path";
import { WavegateError } from "../../model/problem.ts";
import type { CheckedDeclarations } from "../../plan/check-declarations.ts";
import type { Declared } from "../../plan/declared.ts";
import { refreshPauseMs } from "../../plan/refresh-pause.ts";
import { watcher } from "../../reconcile/watch.ts";
import { readableProducts } from "../declarations/chosen-products.ts";
import { EXIT, textOption, type Command, type Context, type Input } from "../command.ts";
import type { Guard } from "../dashboard/guard.ts";
import { loadDeclarations } from "../declarations/declarations.ts";
import { tellDecision } from "../notify/tell-decision.ts";
import { pageScript } from "../page-script.ts";
import { slowestOf } from "../slowest-hub.ts";

/** Where it listens when nobody says otherwise: the same place after a restart, so that an open page finds it again. */
const DEFAULT_PORT = 4280;
const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/** `wavegate dashboard`. */
export const dashboard: Command = {
  help: `Serve a page that shows every rollout live: waves and exposure, the gate's evidence,
devices harmed, decisions, what happens next. It is read-only and on this machine
alone, and it looks at the hub only while somebody reads, within half of the hub's
budget. With --allow-actions the link that it prints holds a token: who has it may
approve, hold, resume and abort under your name. Ctrl-C ends the page, never the
rollout.`,
  examples: ["wavegate dashboard", "wavegate dashboard --allow-actions --port 0"],
  options: [
    ["--port <number>", `where to listen (default: ${DEFAULT_PORT}; 0: any that is free)`],
    ["--allow-actions", "let who has the printed link approve, hold, resume and abort"],
    ["--token-file <file>", "take the token from a file; reading needs it too then"],
    ["--end-with-input", "end when standard input does: for programs that start it"],
    ["--host <address>", "listen beyond this machine; needs --token-file"],
  ],
  async run(context, input) {
    const host = textOption(input, "host") ?? "127.0.0.1";
    const port = portOption(input);
    const tokenFile = textOption(input, "tokenFile");
    if (!LOOPBACK.includes(host) && tokenFile === undefined)
      throw new WavegateError(
        "BAD_OPTION",
        `others could read what is served on ${host}: that needs a token`,
        {
          hint: "give it one: --token-file FILE (docs/dashboard.md)",
        },
      );
    // Loaded late: `completion` loads every command, and serves nothing.
    const [
      { createFeed },
      { storyTeller },
      { dashboardApp },
      { serveApp },
      { freshToken, tokenFrom },
      { act },
    ] = await Promise.all([
      import("../dashboard/feed.ts"),
      import("../dashboard/stories.ts"),
      import("../dashboard/app.ts"),
      import("../dashboard/serve.ts"),
      import("../dashboard/token.ts"),
      import("../dashboard/act.ts"),
    ]);
    const canAct = input.options["allowActions"] === true;
    const token =
      tokenFile !== undefined
        ? await tokenFrom(resolve(context.folder, tokenFile))
        : canAct
          ? freshToken()
          : undefined;
    const session = await context.session();
    // Who cannot be named is told now, not at the first click.
    const actor = canAct ? session.actor : undefined;
    const { clock, records, settings } = session;
    const slowest = slowestOf(settings);
    const look = watcher(session);
    const tell = storyTeller({ records, hub: settings.hub.name });
    // Read anew at every look and click: a release that is merged while the page is open is one of them.
    const declarations = (): Promise<CheckedDeclarations> =>
      loadDeclarations({ ...settings.declarations, folder: context.folder, isReread: true });
    const declared = async (): Promise<readonly Declared[]> =>
      readableProducts(await declarations(), undefined);
    const namesOf = (products: readonly Declared[]): readonly string[] =>
      products.map(({ product }) => product);
    let names = namesOf(await declared());
    const feed = createFeed({
      clock,
      look: async () => {
        const products = await declared();
        names = namesOf(products);
        return look(products);
      },
      tell: (refresh) => tell(names, refresh),
      mark: async () =>
        (await Promise.all(names.map((product) => records.takenMark(product, settings.hub.name)))).join(),
      pauseMs: (queries) => refreshPauseMs({ queries, listings: 1 }, slowest),
      everyMs: settings.lookEvery,
    });
    const bound = { port: 0 };
    const guard: Guard = {
      ...(token === undefined ? {} : { token }),
      isReadProtected: tokenFile !== undefined,
      hosts: LOOPBACK.includes(host)
        ? () => ["127.0.0.1", "localhost", "[::1]"].map((name) => `${name}:${bound.port}`)
        : undefined,
    };
    const app = dashboardApp({
      feed,
      guard,
      script: await pageScript("dashboard"),
      act:
        actor === undefined
          ? undefined
          : (wanted) =>
              act(wanted, { ...session, actor, declarations }, (decided) => {
                void tellDecision(decided, context, session);
              }),
    });
    await using server = await serveApp(app, { host, port });
    bound.port = server.port;
    const fragment = token === undefined ? "" : `#token=${token.reveal()}`;
    tellLink(context, `http://${host.includes(":") ? `[${host}]` : host}:${server.port}/${fragment}`, actor);
    const end = new AbortController();
    if (input.options["endWithInput"] === true)
      process.stdin.resume().once("end", () => {
        end.abort();
      });
    await feed.run(AbortSignal.any([context.signal, end.signal]));
    return {
      exitCode: EXIT.done,
      human: "the page is gone; the rollout is not touched by that",
      json: undefined,
    };
  },
};

/** The only place where the token is told. */
function tellLink(context: Context, url: string, actor: string | undefined): void {
  const may = actor === undefined ? "read only" : `who has this link may act as ${actor}`;
  context.output(
    context.json
      ? JSON.stringify({ schemaVersion: 1, url, canAct: actor !== undefined })
      : `dashboard: ${url}   (${may}; Ctrl-C ends it)`,
  );
}

function portOption(input: Input): number {
  const text = textOption(input, "port") ?? String(DEFAULT_PORT);
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new WavegateError("BAD_OPTION", `--port ${text} is no port from 0 to 65535`, {
    hint: "let the machine choose one: wavegate dashboard --port 0",
  });
}
