import { defineRelease, percent, ring } from "wavegate";

export default defineRelease({
  product: "thermostat",
  version: "1.1.0",
  artifact: {
    path: "sha256/63655f5eaeccc187e1a9823e0d94da6d74f8eaf73ecbefcd2810091a6a72f11d.bin",
    sha256: "63655f5eaeccc187e1a9823e0d94da6d74f8eaf73ecbefcd2810091a6a72f11d",
    size: 2_553,
    manifest: "",
    signature: "",
  },
  waves: [
    { name: "canary", cohort: ring("canary"), kind: "smoke" },
    { name: "everyone", cohort: percent(100) },
  ],
  gate: {
    tolerate: "2%",
    reject: "10%",
    falseStop: "5%",
    missedBad: "5%",
    deadline: "2 hours",
    bake: "2 hours",
    harmCap: 24,
  },
  watch: "1 day",
});
