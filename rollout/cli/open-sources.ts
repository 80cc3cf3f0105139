import { dirname } from "node:path";
import { credentialOf } from "../adapters/credential.ts";
import { command } from "../adapters/metrics/command.ts";
import { httpJson } from "../adapters/metrics/http-json.ts";
import { logAnalytics } from "../adapters/metrics/log-analytics.ts";
import type { MetricSource } from "../adapters/metrics/metric-source.ts";
import { metricSources, type TimedSource } from "../adapters/metrics/metric-sources.ts";
import { prometheus } from "../adapters/metrics/prometheus.ts";
import type { MetricPort } from "../reconcile/ports.ts";
import { readCa } from "./read-ca.ts";
import type { Settings } from "./settings/settings.ts";
import type { SourceSettings } from "./settings/source-settings.ts";

/** The sources of metrics that the settings name; one is opened, with its certificates, when it is first asked. */
export function openSources({ sources, file }: Pick<Settings, "sources" | "file">): MetricPort {
  const opened = Object.entries(sources).map(([name, settings]): [string, TimedSource] => {
    let source: Promise<MetricSource> | undefined;
    const ask: MetricSource = async (request, signal) => {
      source ??= openSource(settings, dirname(file));
      return (await source)(request, signal);
    };
    return [name, { ask, timeoutMs: settings.timeout }];
  });
  return metricSources(Object.fromEntries(opened));
}

async function openSource(settings: SourceSettings, folder: string): Promise<MetricSource> {
  const ca = "caFile" in settings ? { ca: await readCa(settings.caFile) } : {};
  switch (settings.kind) {
    case "prometheus":
      return prometheus({ ...settings, ...ca });
    case "http-json":
      return httpJson({ ...settings, ...ca });
    case "log-analytics":
      return logAnalytics({ ...settings, credential: await credentialOf(settings.credential), ...ca });
    case "command":
      return command({ ...settings, folder });
  }
}
