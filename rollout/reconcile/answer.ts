import type { HubView } from "../engine/observation.ts";
import { WavegateError } from "../model/problem.ts";
import { totalOf, type Answer, type Question } from "../model/question.ts";
import type { HubPort, ImagePort } from "./ports.ts";

/** Who is asked. */
export interface Asked {
  readonly hubs: readonly HubPort[];
  /** What was listed: a hub that did not answer then is not asked. */
  readonly seen: readonly HubView[];
  readonly images: ImagePort;
}

/** Find one thing out; counts are summed over the hubs. Trouble is an answer too, and never a zero. */
export async function answer(question: Question, { hubs, seen, images }: Asked): Promise<Answer> {
  switch (question.kind) {
    case "count": {
      const reached = hubs.filter(({ name }) => seen.find((hub) => hub.name === name)?.listing !== undefined);
      const counts = await Promise.all(
        reached.map((hub) => settled(hub.name, () => hub.count(question.query))),
      );
      const failed = counts.filter((one) => "reason" in one);
      const [first] = failed;
      if (first !== undefined && failed.length === reached.length)
        return { kind: "failed", reason: first.reason };
      const unasked = hubs.filter((hub) => !reached.includes(hub)).map(({ name }) => name);
      const missing = [...unasked, ...failed.map(({ hub }) => hub)];
      return {
        kind: "count",
        byStratum: sum(counts.flatMap((one) => ("value" in one ? [one.value] : []))),
        byHub: Object.fromEntries(
          counts.flatMap((one, index) =>
            "value" in one ? [[reached[index]?.name ?? "", totalOf(one.value)]] : [],
          ),
        ),
        ...(missing.length === 0 ? {} : { missing }),
      };
    }
    case "image": {
      const image = await settled("the image store", () => images.describe(question.path));
      return "value" in image
        ? { kind: "image", image: image.value }
        : { kind: "failed", reason: image.reason };
    }
  }
}

async function settled<T>(
  hub: string,
  run: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly hub: string; readonly reason: string }> {
  try {
    return { value: await run() };
  } catch (error) {
    // Whoever interrupts wants no answer, and none that a decision is made by.
    if (error instanceof WavegateError && error.code !== "INTERRUPTED")
      return { hub, reason: `${error.code}: ${error.message}` };
    throw error;
  }
}

function sum(counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const total = new Map<string, number>();
  for (const one of counts) {
    for (const [stratum, devices] of Object.entries(one))
      total.set(stratum, (total.get(stratum) ?? 0) + devices);
  }
  return Object.fromEntries(total);
}
