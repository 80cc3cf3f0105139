import { defineRelease, named, percent } from "wavegate";

/** Waves and gate of this fleet's releases: `wavegate release add FILE --like like.ts` takes them over. */
export default defineRelease({
  product: "thermostat",
  version: "0.0.1",
  artifact: {
    path: "sha256/0000000000000000000000000000000000000000000000000000000000000000.bin",
    sha256: "0000000000000000000000000000000000000000000000000000000000000000",
    size: 1,
    manifest: "",
    signature: "",
  },
  waves: [
    { name: "one device", cohort: named(["sensor-th-0155"]), kind: "smoke" },
    { name: "everyone", cohort: percent(100), kind: "smoke", approvals: 1 },
  ],
  gate: {
    tolerate: "2%",
    reject: "10%",
    falseStop: "5%",
    missedBad: "5%",
    deadline: "2 hours",
    bake: "2 hours",
    harmCap: 1,
  },
  watch: "1 day",
});
