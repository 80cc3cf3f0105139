import findMyWay from "find-my-way";
import {
  commentDocument,
  issueDocument,
  pullDocument,
  type Discussions,
  type StoredIssue,
} from "./discussions.ts";
import type { GitRepository } from "./git-repository.ts";

/** Who a token is, and what it may do: `issues`, `pull-requests`, `contents`, each to be written. */
export interface TokenOf {
  readonly login: string;
  readonly may: readonly string[];
}

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly document?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that was understood so far. */
export interface Call {
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly who: TokenOf;
}

type Fields = Readonly<Record<string, unknown>>;

const NOT_FOUND: Answer = { status: 404, document: { message: "Not Found" } };
/** As GitHub says it of a branch, tag or label that is there. */
const REF_EXISTS: Answer = { status: 422, document: { message: "Reference already exists" } };

/** Every call that wavegate makes, in the shapes of GitHub's REST API description, version 2022-11-28. */
export function routes(input: {
  readonly git: GitRepository;
  readonly said: Discussions;
  readonly base: string;
  readonly repository: string;
}): (method: string, path: string, call: Omit<Call, "parameters">) => Answer {
  const { git, said, base, repository } = input;
  const router = findMyWay({ ignoreTrailingSlash: true, maxParamLength: 1_000 });
  type Run = (call: Call) => Answer;
  const on = (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, run: Run): void => {
    router.on(method, path, () => undefined, { run });
  };
  const under = (path: string): string => `/repos/${repository}${path}`;
  const writes =
    (permission: string, run: Run): Run =>
    (call) =>
      call.who.may.includes(permission)
        ? run(call)
        : { status: 403, document: { message: "Resource not accessible by integration" } };
  const text = (body: unknown, name: string): string => {
    const value = (body as Fields)[name]; // a JSON object: every call that is read here sends one
    return typeof value === "string" ? value : "";
  };
  const add = (issue: Omit<StoredIssue, "number" | "state">): StoredIssue => {
    const added: StoredIssue = { ...issue, number: said.issues.length + 1, state: "open" };
    said.issues.push(added);
    return added;
  };

  on("POST", "/graphql", ({ who }) => ({
    status: 200,
    document: { data: { viewer: { login: who.login } } },
  }));
  on("GET", under(""), () => ({
    status: 200,
    document: { full_name: repository, default_branch: "main", html_url: base },
  }));

  on("GET", under("/issues/:number/comments"), ({ parameters: { number } }) => ({
    status: 200,
    document: said.comments
      .filter(({ issue }) => String(issue) === number)
      .map((one) => commentDocument(base, one)),
  }));
  on(
    "POST",
    under("/issues/:number/comments"),
    writes("pull-requests", ({ parameters: { number }, body, who }) => {
      const id = 1_000 + said.comments.length;
      const comment = { id, issue: Number(number), login: who.login, body: text(body, "body") };
      said.comments.push(comment);
      return { status: 201, document: commentDocument(base, comment) };
    }),
  );
  on(
    "PATCH",
    under("/issues/comments/:id"),
    writes("pull-requests", ({ parameters: { id }, body }) => {
      const comment = said.comments.find((one) => String(one.id) === id);
      if (comment === undefined) return NOT_FOUND;
      comment.body = text(body, "body");
      return { status: 200, document: commentDocument(base, comment) };
    }),
  );
  on(
    "DELETE",
    under("/issues/comments/:id"),
    writes("pull-requests", ({ parameters: { id } }) => {
      const at = said.comments.findIndex((one) => String(one.id) === id);
      if (at < 0) return NOT_FOUND;
      said.comments.splice(at, 1);
      return { status: 204 };
    }),
  );

  on("GET", under("/issues"), ({ query }) => {
    const label = query.get("labels");
    const state = query.get("state") ?? "open";
    return {
      status: 200,
      document: said.issues
        .filter((one) => label === null || one.labels.includes(label))
        .filter((one) => state === "all" || one.state === state)
        .toReversed()
        .map((one) => issueDocument(base, one)),
    };
  });
  on(
    "POST",
    under("/labels"),
    writes("issues", ({ body }) => {
      const name = text(body, "name");
      if (said.labels.has(name))
        return {
          status: 422,
          document: {
            message: "Validation Failed",
            errors: [{ resource: "Label", code: "already_exists", field: "name" }],
          },
        };
      said.labels.add(name);
      return { status: 201, document: { name } };
    }),
  );
  on(
    "POST",
    under("/issues"),
    writes("issues", ({ body, who }) => {
      const labels = ((body as Fields)["labels"] as readonly string[] | undefined) ?? []; // strings, as Octokit sends them
      const issue = add({ login: who.login, title: text(body, "title"), body: text(body, "body"), labels });
      return { status: 201, document: issueDocument(base, issue) };
    }),
  );
  on(
    "PATCH",
    under("/issues/:number"),
    writes("issues", ({ parameters: { number }, body }) => {
      const issue = said.issues.find((one) => String(one.number) === number);
      if (issue === undefined) return NOT_FOUND;
      const changed = body as Partial<StoredIssue>; // of which only these are taken
      if (changed.title !== undefined) issue.title = changed.title;
      if (changed.body !== undefined) issue.body = changed.body;
      if (changed.state !== undefined) issue.state = changed.state;
      return { status: 200, document: issueDocument(base, issue) };
    }),
  );

  const pulls = (): readonly StoredIssue[] => said.issues.filter(({ head }) => head !== undefined);
  on("GET", under("/pulls"), ({ query }) => {
    const head = query.get("head")?.split(":")[1];
    const state = query.get("state") ?? "open";
    return {
      status: 200,
      document: pulls()
        .filter(
          (one) => (head === undefined || one.head?.ref === head) && (state === "all" || one.state === state),
        )
        .toReversed()
        .map((one) => pullDocument(base, one)),
    };
  });
  on(
    "POST",
    under("/pulls"),
    writes("pull-requests", ({ body, who }) => {
      const ref = text(body, "head");
      const sha = git.refName(`refs/heads/${ref}`);
      if (sha === undefined) return { status: 422, document: { message: "Validation Failed" } };
      if (pulls().some((one) => one.head?.ref === ref && one.state === "open"))
        return {
          status: 422,
          document: {
            message: "Validation Failed",
            errors: [
              {
                resource: "PullRequest",
                code: "custom",
                message: `A pull request already exists for acme:${ref}.`,
              },
            ],
          },
        };
      const pull = add({
        ...{ login: who.login, title: text(body, "title"), body: text(body, "body"), labels: [] },
        head: { ref, sha },
        base: { ref: text(body, "base") },
      });
      return { status: 201, document: pullDocument(base, pull) };
    }),
  );
  on("GET", under("/commits/:sha/pulls"), ({ parameters: { sha } }) => ({
    status: 200,
    document: pulls()
      .filter(({ mergedAs, head }) => mergedAs === sha || head?.sha === sha)
      .map((one) => pullDocument(base, one)),
  }));

  on("GET", under("/git/ref/*"), ({ parameters }) => {
    const ref = `refs/${parameters["*"] ?? ""}`;
    const sha = git.refName(ref);
    return sha === undefined
      ? NOT_FOUND
      : { status: 200, document: { ref, object: { sha, type: "commit" } } };
  });
  on("GET", under("/git/matching-refs/*"), ({ parameters }) => ({
    status: 200,
    document: git
      .refs(`refs/${parameters["*"] ?? ""}`)
      .map(([ref, sha]) => ({ ref, object: { sha, type: git.git(["cat-file", "-t", sha]) } })),
  }));
  on(
    "POST",
    under("/git/refs"),
    writes("contents", ({ body }) => {
      const ref = text(body, "ref");
      const sha = text(body, "sha");
      if (git.refName(ref) !== undefined) return REF_EXISTS;
      return git.createRef(ref, sha) ? { status: 201, document: { ref, object: { sha } } } : REF_EXISTS;
    }),
  );
  on("GET", under("/git/commits/:sha"), ({ parameters: { sha = "" } }) => ({
    status: 200,
    document: { sha, tree: { sha: git.git(["rev-parse", `${sha}^{tree}`]) } },
  }));
  on(
    "POST",
    under("/git/trees"),
    writes("contents", ({ body }) => {
      const { base_tree, tree } = body as {
        base_tree: string;
        tree: Parameters<GitRepository["createTree"]>[1];
      };
      return { status: 201, document: { sha: git.createTree(base_tree, tree) } };
    }),
  );
  on(
    "POST",
    under("/git/commits"),
    writes("contents", ({ body }) => ({
      status: 201,
      document: { sha: git.createCommit(body as Parameters<GitRepository["createCommit"]>[0]) },
    })),
  );
  on(
    "POST",
    under("/git/tags"),
    writes("contents", ({ body }) => ({
      status: 201,
      document: { sha: git.createTag(body as Parameters<GitRepository["createTag"]>[0]) },
    })),
  );
  on("GET", under("/contents/*"), ({ parameters, query }) => {
    const path = parameters["*"] ?? "";
    const sha = git.objectAt(query.get("ref") ?? "main", path);
    return sha === undefined ? NOT_FOUND : { status: 200, document: { type: "file", path, sha } };
  });
  on("GET", under("/commits"), ({ query }) => {
    const from = query.get("sha") ?? "main";
    const names = git.git(["log", "--format=%H", from, "--", query.get("path") ?? "."]).split("\n");
    return {
      status: 200,
      document: names.filter((sha) => sha !== "").map((sha) => ({ sha, html_url: `${base}/commit/${sha}` })),
    };
  });

  return (method, path, call) => {
    const found = router.find(method as "GET", decodeURIComponent(path));
    if (found === null) return NOT_FOUND;
    const { run } = found.store as { run: Run }; // what `on` put there
    return run({ ...call, parameters: found.params });
  };
}
