import type { GitHost, Written } from "../../adapters/git-host.ts";
import { WavegateError } from "../../model/problem.ts";
import { isAborted } from "../../model/record.ts";
import { attemptEnds, isAtRest, type AttemptEnd } from "../attempt-ends.ts";
import { EXIT, type Command } from "../command.ts";
import { declaringFile } from "../declarations/declaring-file.ts";
import { GIT_HOST_OPTIONS, openGitHost } from "../open-git-host.ts";
import { recordedChains, type RecordedChain } from "../recorded-chains.ts";
import { revertText, stopIssue, stopTitle, tagText } from "../views/journal-issue.ts";

/** `wavegate git journal`. */
export const gitJournal: Command = {
  help: `Read the records and tell Git what became of each release. A completed one gets
a tag on the commit that declared it (thermostat/2.1.0), which is never moved. One
that was stopped or is held gets one issue with the evidence, and one that was taken
back a pull request that removes its file. Run it after every reconcile: what is
told already is not told again, and two runs at once end as one would. Needs the
record store and a token, no hub.`,
  examples: ["wavegate git journal", "wavegate git journal thermostat --repository acme/fleet"],
  options: [...GIT_HOST_OPTIONS],
  async run(context, input) {
    const host = await openGitHost(context, input);
    const chains = await recordedChains(context, input.args[0]);
    const told: Told[] = [];
    const failures: WavegateError[] = [];
    for (const chain of chains) {
      await tellEnds(chain, {
        host,
        folder: context.folder,
        from: process.env["GITHUB_SHA"],
        tell: (entry) => told.push(entry),
        fail: (error) => failures.push(error),
      });
    }
    const [failure, ...further] = failures;
    if (failure !== undefined) {
      for (const line of told.map(lineOf)) context.progress(line);
      for (const { code, message } of further) context.progress(`${code}: ${message}`);
      throw failure;
    }
    return {
      exitCode: EXIT.done,
      human: told.length === 0 ? "Git knows how every rollout ended" : told.map(lineOf).join("\n"),
      json: { schemaVersion: 1, told },
    };
  },
};

/** Something that Git did not know before. */
interface Told extends Written {
  readonly product: string;
  readonly release: string;
  readonly what: "tag" | "issue" | "revert";
}

function lineOf({ product, release, what, change, url }: Told): string {
  const name = what === "revert" ? "pull request that reverts it" : what;
  return `${product} ${release}: ${name} ${change}: ${url}`;
}

interface Telling {
  readonly host: GitHost;
  readonly folder: string;
  /** Commit that is checked out. */
  readonly from: string | undefined;
  readonly tell: (told: Told) => void;
  /** What failed keeps nothing else from being told. */
  readonly fail: (error: WavegateError) => void;
}

async function tellEnds({ product, declared, chain }: RecordedChain, telling: Telling): Promise<void> {
  const { host, folder, from, tell, fail } = telling;
  const ends = attemptEnds(chain);
  const tried = async <T>(run: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof WavegateError) || error.code === "INTERRUPTED") throw error;
      fail(error);
      return undefined;
    }
  };
  const write = async (
    { intent: { version: release } }: AttemptEnd,
    what: Told["what"],
    run: () => Promise<Written | undefined>,
  ): Promise<Written | undefined> => {
    const written = await tried(run);
    if (written !== undefined && written.change !== "none") tell({ product, release, what, ...written });
    return written;
  };
  const stops = ends.filter(({ stoppedBy }) => stoppedBy !== undefined);
  const issues = stops.length === 0 ? undefined : await tried(() => host.issues());
  for (const end of stops) {
    const file = isToRevert(end, ends) ? await declaringFile(declared, end.intent, folder) : undefined;
    const revert =
      file === undefined
        ? undefined
        : await write(end, "revert", () =>
            host.proposeRemoval({
              ...{ branch: `wavegate/revert-${end.attempt}`, path: file.path, content: file.content },
              title: `Revert ${product} ${end.intent.version}: its rollout was stopped`,
              body: revertText(product, end, file.path),
            }),
          );
    await write(end, "issue", async () =>
      issues?.put({
        subject: end.attempt,
        version: (end.followedBy ?? end.stoppedBy)?.digest ?? "",
        title: stopTitle(product, end),
        body: stopIssue(product, end, { revert: revert?.url }),
        open: isAtRest(end) && !isOutlived(end, ends),
      }),
    );
  }
  const complete = ends.filter(isWhole);
  const tags = complete.length === 0 ? undefined : await tried(() => host.tags(`${product}/`));
  for (const end of complete) {
    const name = `${product}/${end.intent.version}`;
    // Tags that could not be listed are not made anew either.
    const file = tags?.has(name) === false ? await declaringFile(declared, end.intent, folder) : undefined;
    if (file === undefined) continue;
    await write(end, "tag", () =>
      host.tagCommitOf({ name, path: file.path, from, message: tagText(product, end) }),
    );
  }
}

/** Complete, for everybody, and not taken back since. */
function isWhole(end: AttemptEnd): boolean {
  return end.completedBy !== undefined && !isAtRest(end) && end.intent.only === undefined;
}

/** Nobody has to be told of a stop that a later release has made history. */
function isOutlived(end: AttemptEnd, ends: readonly AttemptEnd[]): boolean {
  return ends.slice(ends.indexOf(end) + 1).some(isWhole);
}

/** Taken back, and nobody allowed it another attempt. */
function isToRevert({ intent, attempt }: AttemptEnd, ends: readonly AttemptEnd[]): boolean {
  const isRetried = intent.retry !== undefined || ends.some((other) => other.intent.retryOf === attempt);
  return isAborted(intent) && !isRetried;
}
