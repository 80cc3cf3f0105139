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
    metrics: [
      {
        name: "power",
        source: "meter",
        // Watts that a device draws on average, and of when that is.
        query: { value: "power?version={{version}}#/watts", at: "power?version={{version}}#/measuredAt" },
        judge: { kind: "limit", above: 3, failures: 3 },
        freshness: "30 minutes",
      },
    ],
  },
  watch: "1 day",
});
