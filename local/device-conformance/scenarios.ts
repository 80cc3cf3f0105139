import type { Scenario } from "./scenario.ts";
import { BAD_IMAGES } from "./scenarios/bad-images.ts";
import { CHANGES_OF_MIND } from "./scenarios/changes-of-mind.ts";
import { GOOD_IMAGES } from "./scenarios/good-images.ts";
import { HUB_TROUBLE } from "./scenarios/hub-trouble.ts";
import { INTERRUPTIONS } from "./scenarios/interruptions.ts";

/** Every story a device is put through. */
export const SCENARIOS: readonly Scenario[] = [
  ...GOOD_IMAGES,
  ...BAD_IMAGES,
  ...INTERRUPTIONS,
  ...CHANGES_OF_MIND,
  ...HUB_TROUBLE,
];
