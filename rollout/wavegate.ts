/** What release and fleet files import: `import { defineRelease, percent, ring } from "wavegate"`. */
export type { Artifact } from "./model/artifact.ts";
export type { DeadlineDeclaration } from "./model/deadline.ts";
export type { Duration } from "./model/duration.ts";
export { atLeast, devices, named, percent, ring, where, type Cohort } from "./model/cohort.ts";
export {
  defineFleet,
  type AdoptDeclaration,
  type FleetDeclaration,
  type ProductDeclaration,
} from "./model/fleet.ts";
export type { GateDeclaration } from "./model/gate.ts";
export type { JudgeDeclaration, MetricDeclaration } from "./model/metric.ts";
export { defineOverride, type OverrideDeclaration } from "./model/override-declaration.ts";
export type { Percentage } from "./model/percentage.ts";
export { ramp } from "./model/ramp.ts";
export { defineRelease, type ReleaseDeclaration } from "./model/release.ts";
export type { FreezeDeclaration, WindowDeclaration } from "./model/schedule.ts";
export type { PaceDeclaration, WaveDeclaration } from "./model/wave.ts";
