import type { AttemptId } from "../model/attempt.ts";
import { findConfiguration } from "../model/configuration.ts";
import type { Intent, RolloutIntent } from "../model/record.ts";
import { digestOfRelease, type Release } from "../model/release.ts";
import type { ReachedHub } from "./observation.ts";

/** A release that was stopped between the creation of its configuration and its start: held, exposing nobody. */
export function unstartedIntent(input: {
  readonly attempt: AttemptId;
  readonly release: Release;
  readonly hubs: readonly ReachedHub[];
  readonly author: string;
}): RolloutIntent {
  const { attempt, release, hubs, author } = input;
  const found = hubs.flatMap(({ name, listing }) => {
    const configuration = findConfiguration(listing, attempt);
    return configuration === undefined ? [] : [{ name, configuration }];
  });
  return {
    state: "held",
    attempt,
    version: release.version,
    digest: digestOfRelease(release),
    condition: "",
    priority: found[0]?.configuration.priority ?? 0,
    created: Object.fromEntries(found.map(({ name, configuration }) => [name, configuration.createdTimeUtc])),
    release,
    wave: 0,
    strata: [],
    proving: [],
    openedAt: 0,
    targeted: {},
    added: {},
    part: 1,
    partOpenedAt: 0,
    windows: {},
    author,
    approvals: [],
    overrides: [],
  };
}

/** True for a release that was held before it exposed anybody: resumed, it may start like any other. */
export function isUnstarted(intent: Intent): boolean {
  return intent.state === "held" && intent.openedAt === 0;
}
