import type { Instrument } from "../../adapters/telemetry/telemetry.ts";

const PRODUCT = ["wavegate.product"] as const;
const RELEASE = [...PRODUCT, "wavegate.release"] as const;
const STRATUM = [...RELEASE, "wavegate.stratum"] as const;

/** Everything that is measured, by a short name of ours. docs/notifications.md has the same list. */
export const INSTRUMENTS = {
  lookTime: {
    name: "wavegate.look.time",
    kind: "gauge",
    unit: "s",
    description: "When the product was looked at last, epoch seconds by the rollout's clock",
    attributes: PRODUCT,
  },
  lookDuration: {
    name: "wavegate.look.duration",
    kind: "histogram",
    unit: "s",
    description: "How long a look at a product took, with the steps that it led to",
    attributes: PRODUCT,
  },
  personNeeded: {
    name: "wavegate.person.needed",
    kind: "gauge",
    unit: "{person}",
    description: "1 where only a person can carry on, else 0",
    attributes: PRODUCT,
  },
  state: {
    name: "wavegate.rollout.state",
    kind: "gauge",
    unit: "{rollout}",
    description: "1 for the state that the release is in, 0 for the others",
    attributes: [...RELEASE, "wavegate.state"],
  },
  wave: {
    name: "wavegate.rollout.wave",
    kind: "gauge",
    unit: "{wave}",
    description: "The widest wave that is open, from 1",
    attributes: RELEASE,
  },
  waves: {
    name: "wavegate.rollout.waves",
    kind: "gauge",
    unit: "{wave}",
    description: "Waves that the release declares",
    attributes: RELEASE,
  },
  running: {
    name: "wavegate.devices.running",
    kind: "gauge",
    unit: "{device}",
    description: "Devices that report to run this version; status alone counts them",
    attributes: RELEASE,
  },
  exposed: {
    name: "wavegate.devices.exposed",
    kind: "gauge",
    unit: "{device}",
    description: "Recently active devices that the release is aimed at",
    attributes: STRATUM,
  },
  contacted: {
    name: "wavegate.devices.contacted",
    kind: "gauge",
    unit: "{device}",
    description: "Devices that made contact, the most that any look has seen",
    attributes: STRATUM,
  },
  ok: {
    name: "wavegate.devices.ok",
    kind: "gauge",
    unit: "{device}",
    description: "Devices that run the release and are well",
    attributes: STRATUM,
  },
  failed: {
    name: "wavegate.devices.failed",
    kind: "gauge",
    unit: "{device}",
    description: "Devices that failed",
    attributes: STRATUM,
  },
  silent: {
    name: "wavegate.devices.silent",
    kind: "gauge",
    unit: "{device}",
    description: "Devices without an outcome past their deadline: they count as failed",
    attributes: STRATUM,
  },
  unresolved: {
    name: "wavegate.devices.unresolved",
    kind: "gauge",
    unit: "{device}",
    description: "Devices in contact without an outcome, the silent ones included",
    attributes: STRATUM,
  },
  evidence: {
    name: "wavegate.gate.evidence",
    kind: "gauge",
    unit: "{e_value}",
    description: "Evidence for a verdict, an e-value: 80 is 80 to 1",
    attributes: [...STRATUM, "wavegate.view", "wavegate.verdict"],
  },
  threshold: {
    name: "wavegate.gate.threshold",
    kind: "gauge",
    unit: "{e_value}",
    description: "Evidence at which the gate acts",
    attributes: [...RELEASE, "wavegate.view", "wavegate.verdict"],
  },
  decisions: {
    name: "wavegate.decisions",
    kind: "counter",
    unit: "{decision}",
    description: "Decisions recorded, and stops carried out",
    attributes: [...PRODUCT, "wavegate.decision"],
  },
  hubCall: {
    name: "wavegate.hub.call.duration",
    kind: "histogram",
    unit: "s",
    description: "How long one call of a hub took; those refused by a throttle have the error HUB_THROTTLED",
    attributes: ["wavegate.hub", "wavegate.hub.call.class", "wavegate.hub.call.operation", "error.type"],
  },
} as const satisfies Readonly<Record<string, Instrument>>;

/** The name of a metric in Prometheus [OpenTelemetry: Prometheus compatibility]: with its unit, and `_total` for counters. */
export function prometheusName({ name, unit, kind }: Instrument): string {
  const seconds = unit === "s" ? "_seconds" : "";
  return `${prometheusLabel(name)}${seconds}${kind === "counter" ? "_total" : ""}`;
}

/** The name of an attribute in Prometheus. */
export function prometheusLabel(attribute: string): string {
  return attribute.replaceAll(/[^a-zA-Z0-9_]/g, "_");
}
