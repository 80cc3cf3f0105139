/** What release and fleet files import: `import { defineRelease, percent, ring } from "wavegate"`. */
export { percent, ring, type Cohort } from "./model/cohort.ts";
export { defineFleet, type FleetDeclaration, type ProductDeclaration } from "./model/fleet.ts";
export {
  defineRelease,
  type Artifact,
  type GateDeclaration,
  type ReleaseDeclaration,
  type WaveDeclaration,
} from "./model/release.ts";
