import type { Listing } from "../model/configuration.ts";
import type { HubSize } from "../model/hub-limits.ts";
import type { Answers } from "../model/question.ts";
import type { Intent } from "../model/record.ts";
import type { RiskFacts } from "./risks/risk-facts.ts";

/** What a plan is made from. */
export interface PlanInput {
  /** The head record's intents, oldest first. */
  readonly intents: readonly Intent[];
  /** The hubs that answered. */
  readonly hubs: readonly PlanHub[];
  readonly answers: Answers;
  /** Address devices download images from: it is part of what they are sent. */
  readonly imageBase: string;
  /** Devices open the product's images with keys of this life; absent: the images are public. */
  readonly access?: { readonly lifeMs: number } | undefined;
  /** Time between two looks; without it the rollout's own calls are not priced. */
  readonly lookEveryMs?: number | undefined;
  /** What warnings are made from; absent: no advice, for whoever starts the release has read it. */
  readonly risks?: RiskFacts | undefined;
  /** Names of the metric sources of the settings; without them nothing is said about the sources of a release. */
  readonly sources?: readonly string[] | undefined;
}

/** A hub, as a plan sees it. */
export interface PlanHub {
  readonly name: string;
  readonly listing: Listing;
  /** Without it nothing is said about the hub's limits. */
  readonly size?: HubSize | undefined;
}
