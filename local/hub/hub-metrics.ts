import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { AnswerCounts, HubCalls } from "./call-counts.ts";
import type { MailCounts } from "./mailbox.ts";
import type { QuotaReport } from "./quota.ts";

/** What a hub can be watched by. */
export interface HubMetrics {
  readonly contentType: string;
  /** All of them in Prometheus' text format, as they are now. */
  readonly text: () => Promise<string>;
  readonly devices: () => number;
  readonly connected: () => number;
  /** An evaluation of all configurations ended. */
  readonly countEvaluation: (evaluation: { readonly seconds: number; readonly writes: number }) => void;
}

/** Where the figures come from: each is read when somebody asks, so that no request pays for it. */
export interface MetricSources {
  readonly calls: () => HubCalls;
  readonly devices: () => number;
  readonly connected: () => number;
  readonly quota: () => QuotaReport;
  readonly mail: () => MailCounts;
}

/** Metrics in a registry of their own, so that many hubs may live in one process. */
export function createHubMetrics(sources: MetricSources): HubMetrics {
  const registry = new Registry();
  const registers = [registry];
  let writesByConfigurations = 0;

  counter(
    "local_hub_calls_total",
    "Requests to the service API by class and status.",
    ["class", "status"],
    () => answersOf(sources.calls().answers),
  );
  counter(
    "local_hub_device_operations_total",
    "Operations of devices by class and status.",
    ["class", "status"],
    () => answersOf(sources.calls().deviceAnswers),
  );
  counter("local_hub_throttled_total", "Operations that a limit of the tier refused.", ["class"], () =>
    Object.entries(sources.calls().throttledBy).map(([name, value]) => ({ labels: { class: name }, value })),
  );
  counter("local_hub_twin_writes_total", "Accepted writes of twins by writer.", ["by"], () => {
    const { answers, deviceAnswers } = sources.calls();
    return [
      { labels: { by: "service" }, value: answers.twinWrites?.[200] ?? 0 },
      { labels: { by: "device" }, value: deviceAnswers.reports?.[204] ?? 0 },
      { labels: { by: "configuration" }, value: writesByConfigurations },
    ];
  });
  counter("local_hub_messages_to_devices_total", "Messages to devices by outcome.", ["outcome"], () => {
    const counts: Readonly<Record<string, number>> = { ...sources.mail() };
    return Object.entries(counts).map(([outcome, value]) => ({ labels: { outcome }, value }));
  });
  gauge("local_hub_devices", "Registered devices.", sources.devices);
  gauge("local_hub_connected_devices", "Devices that are connected.", sources.connected);
  gauge(
    "local_hub_quota_used_messages",
    "Messages counted since 00:00 UTC of the hub's clock.",
    () => sources.quota().used,
  );
  gauge("local_hub_quota_limit_messages", "Messages of a day.", () => sources.quota().limit);
  const evaluations = new Histogram({
    name: "local_hub_evaluation_seconds",
    help: "Evaluations of all configurations, in seconds of real time.",
    buckets: [0.001, 0.01, 0.1, 1, 10],
    registers,
  });

  function counter(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[],
  ): void {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const { labels, value } of read()) this.inc(labels, value);
      },
    });
  }
  function gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    devices: sources.devices,
    connected: sources.connected,
    countEvaluation: ({ seconds, writes }) => {
      writesByConfigurations += writes;
      evaluations.observe(seconds);
    },
  };
}

function answersOf(
  answers: Readonly<Record<string, AnswerCounts | undefined>>,
): { labels: { class: string; status: string }; value: number }[] {
  return Object.entries(answers).flatMap(([name, byStatus = {}]) =>
    Object.entries(byStatus).map(([status, value = 0]) => ({ labels: { class: name, status }, value })),
  );
}
