import type { Exposure } from "../engine/exposure.ts";
import type { NamedRecord } from "../engine/observation.ts";
import type { Outlook } from "../engine/outlook.ts";
import type { Status } from "../engine/step.ts";
import { coursesOf } from "../forecast/replay/recorded-course.ts";
import type { AttemptId } from "../model/attempt.ts";
import type { Digest } from "../model/digest.ts";
import type { Look } from "../model/look.ts";
import { decisionsOf, type Decision } from "./decisions.ts";
import { harmBands } from "./harm-bands.ts";
import { rolloutStory, type RolloutStory } from "./rollout-story.ts";

/** A product as a page or a report shows it: a value, made from its records and looks, and what the hub says beside. */
export interface ProductStory {
  readonly product: string;
  /** Digest of the newest record; absent where nothing is recorded yet. */
  readonly head?: Digest;
  /** The newest first. */
  readonly rollouts: readonly RolloutStory[];
  /** Every record of the chain, the newest first. */
  readonly decisions: readonly Decision[];
  /** What only a hub can say; absent in a report made from records alone. */
  readonly live?: Live;
}

/** What the hubs said of a product at one look. */
export interface Live {
  /** Epoch ms by the rollout's clock. */
  readonly at: number;
  /** Devices by the version they report. */
  readonly versions: Readonly<Record<string, number>>;
  readonly next: Status;
  readonly outlook?: Outlook;
  readonly exposure?: Exposure;
  /** In the order of the settings. */
  readonly hubs: readonly LiveHub[];
  /** Epoch ms since when the next run has had something to do, and nobody did it. */
  readonly dueSince?: number;
}

/** One hub of the fleet. */
export interface LiveHub {
  readonly name: string;
  /** Whether it answered, and where its ref stands against the head record. */
  readonly state: "silent" | "head" | "behind" | "elsewhere" | "broken" | "absent" | "unread";
}

/** What a story is made from. */
export interface StoryInput {
  readonly product: string;
  /** The chain of records, the newest first. */
  readonly chain: readonly NamedRecord[];
  /** Stored looks by attempt. */
  readonly looks: ReadonlyMap<AttemptId, readonly Look[]>;
  readonly live?: Live | undefined;
  /** Plays the forecast of a rollout; whoever tells a story again and again keeps what it gave. Default: `harmBands`. */
  readonly bandsOf?: typeof harmBands;
}

/** The story of one product. */
export function storyOf({ product, chain, looks, live, bandsOf = harmBands }: StoryInput): ProductStory {
  const courses = coursesOf(chain.toReversed().map(({ record }) => record));
  const looksOf = (attempt: AttemptId): readonly Look[] => looks.get(attempt) ?? [];
  const rollouts = courses.map((course, index) =>
    rolloutStory({
      course,
      bandsOf,
      looks: looksOf(course.attempt),
      earlier: courses.slice(0, index).map((one) => ({ course: one, looks: looksOf(one.attempt) })),
    }),
  );
  const head = chain[0]?.digest;
  return {
    product,
    ...(head === undefined ? {} : { head }),
    rollouts: rollouts.reverse(),
    decisions: decisionsOf(chain),
    ...(live === undefined ? {} : { live }),
  };
}
