import type { Schedule } from "./event.ts";
import { knownAmong } from "./known.ts";
import { play } from "./play.ts";
import { comeToRest, reachesItsEnd, stopInTheDark } from "./rest.ts";
import type { Tally } from "./tally.ts";

/** What came of one schedule. */
export interface Outcome {
  /** Rules broken that are not known to be; empty: all well. */
  readonly broken: readonly string[];
  /** Faults that today's engine is known to have and that this schedule met. */
  readonly known: readonly string[];
  /** Runs of one controller until all was at rest. */
  readonly runs: number;
}

class Broken extends Error {
  readonly sentences: readonly string[];
  constructor(sentences: readonly string[]) {
    super(sentences.join("; "));
    this.sentences = sentences;
  }
}

/** Play one schedule, let it come to rest, and ask the oracle. */
export async function outcomeOf(schedule: Schedule, hubs: number, tally: Tally): Promise<Outcome> {
  let runs = 0;
  try {
    const { world, merged, disturbed } = await play(schedule, {
      hubs,
      tally,
      onBroken: (sentences) => {
        throw new Broken(sentences);
      },
    });
    refuse(await stopInTheDark(world, merged));
    const rest = await comeToRest(world, merged);
    runs = rest.runs;
    refuse(rest.broken);
    if (!disturbed) refuse(await reachesItsEnd(rest.world, merged));
    return { broken: [], known: [], runs };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    const known = knownAmong(error.sentences);
    return known === undefined ? { broken: error.sentences, known: [], runs } : { broken: [], known, runs };
  }
}

function refuse(sentences: readonly string[]): void {
  if (sentences.length > 0) throw new Broken(sentences);
}
