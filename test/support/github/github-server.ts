import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { emptyDiscussions, type Discussions, type StoredIssue } from "./discussions.ts";
import { gitRepository, type GitRepository } from "./git-repository.ts";
import { routes, type Answer, type Call, type TokenOf } from "./routes.ts";

/** One repository on a GitHub of this machine: its API as far as wavegate uses it, on real git. */
export interface GitHubServer extends AsyncDisposable, Discussions {
  readonly apiUrl: string;
  readonly repository: string;
  readonly git: GitRepository;
  readonly tokens: Map<string, TokenOf>;
  /** Requests so far, as `METHOD path`. */
  readonly requests: string[];
  /** Answers that come before any real one, in order. */
  readonly weather: Answer[];
  /** Called before a request is answered: what others do in between. */
  before: (request: string) => void;
  /** The same, and the request waits until it resolves. */
  hold: (request: string) => Promise<void>;
  /** Open a pull request of a branch that was pushed. */
  openPull(branch: string, login?: string): StoredIssue;
  /** Merge a pull request as GitHub does, with a merge commit; its commit. */
  merge(number: number): string;
}

/** Start one on a free port, for a bare repository whose default branch is `main`. */
export async function startGitHub(folder: string): Promise<GitHubServer> {
  const git = gitRepository(folder);
  const said = emptyDiscussions();
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP server's address is one
  const apiUrl = `http://127.0.0.1:${port}`;
  const repository = "acme/fleet";
  const router = routes({ git, said, base: `${apiUrl}/repos/${repository}`, repository });
  const gitHub: GitHubServer = {
    ...said,
    apiUrl,
    repository,
    git,
    tokens: new Map([
      ["bot-token", { login: "github-actions[bot]", may: ["issues", "pull-requests", "contents"] }],
    ]),
    requests: [],
    weather: [],
    before: () => undefined,
    hold: () => Promise.resolve(),
    openPull: (branch, login = "ada") => {
      const pull: StoredIssue = {
        number: said.issues.length + 1,
        ...{ login, title: branch, body: "", state: "open", labels: [] },
        head: { ref: branch, sha: git.refName(`refs/heads/${branch}`) ?? "" },
        base: { ref: "main" },
      };
      said.issues.push(pull);
      return pull;
    },
    merge: (number) => {
      const pull = said.issues.find((one) => one.number === number);
      const head = git.refName(`refs/heads/${pull?.head?.ref ?? ""}`);
      const main = git.refName("refs/heads/main");
      if (pull === undefined || head === undefined || main === undefined)
        throw new Error(`no pull ${number}`);
      const tree = git.git(["merge-tree", "--write-tree", main, head]);
      const merged = git.createCommit({ message: `Merge #${number}`, tree, parents: [main, head] });
      git.git(["update-ref", "refs/heads/main", merged, main]);
      return (Object.assign(pull, { state: "closed", mergedAs: merged }), merged);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = request;
    const { pathname, searchParams } = new URL(url, apiUrl);
    const name = `${method} ${decodeURIComponent(pathname)}`;
    gitHub.requests.push(name);
    const body: unknown = method === "GET" || method === "DELETE" ? undefined : await json(request);
    gitHub.before(name);
    await gitHub.hold(name);
    const token = /^(?:token|bearer) (.*)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const who = gitHub.tokens.get(token);
    const call: Omit<Call, "parameters"> = { body, query: searchParams, who: who ?? { login: "", may: [] } };
    const found = gitHub.weather.shift() ?? (who === undefined ? BAD_TOKEN : router(method, pathname, call));
    const { status, document, headers = {} } = paged(found, searchParams, `${apiUrl}${pathname}`);
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(document === undefined ? undefined : JSON.stringify(document));
  }
  return gitHub;
}

const BAD_TOKEN: Answer = { status: 401, document: { message: "Bad credentials" } };

/** Lists come in pages, with the next one's address [REST: pagination]. */
function paged(answer: Answer, query: URLSearchParams, address: string): Answer {
  const { document, status } = answer;
  if (!Array.isArray(document) || status !== 200) return answer;
  const size = Number(query.get("per_page") ?? 30);
  const page = Number(query.get("page") ?? 1);
  const list: readonly unknown[] = document;
  const next = new URLSearchParams([...query].filter(([key]) => key !== "page"));
  next.set("page", String(page + 1));
  return {
    ...answer,
    document: list.slice((page - 1) * size, page * size),
    ...(page * size < list.length
      ? { headers: { link: `<${address}?${next.toString()}>; rel="next"` } }
      : {}),
  };
}
