import type { Configuration as SdkConfiguration } from "azure-iothub";
import { z } from "zod";
import type { Configuration, ConfigurationDocument } from "../model/configuration.ts";
import { revealedContent, veiledContent } from "./access-content.ts";
import { hubAnswer } from "./hub-answer.ts";

// The service answers null for what was never set.
const bodySchema = z.object({
  id: z.string(),
  labels: z.record(z.string(), z.string()).nullish(),
  content: z.object({ deviceContent: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  targetCondition: z.string().nullish(),
  priority: z.number().nullish(),
  metrics: z
    .object({
      queries: z.record(z.string(), z.string()).nullish(),
      results: z.record(z.string(), z.number()).nullish(),
    })
    .nullish(),
  etag: z.string(),
  createdTimeUtc: z.string(),
});

/** A document as the SDK sends it, with its secrets. */
export function bodyOf(document: ConfigurationDocument): SdkConfiguration {
  const { id, labels, content, condition, priority, metrics } = document;
  return {
    id,
    schemaVersion: "1.0",
    labels: { ...labels },
    content: { deviceContent: revealedContent(content) },
    targetCondition: condition,
    priority,
    metrics: { queries: { ...metrics } },
  };
}

/** A configuration as the service sends it, without the secrets in it. */
export function configurationOf(body: unknown, hub: string): Configuration {
  const { id, labels, content, targetCondition, priority, metrics, etag, createdTimeUtc } = hubAnswer(
    bodySchema,
    body,
    { hub, what: "configuration" },
  );
  return {
    id,
    labels: labels ?? {},
    content: veiledContent(content?.deviceContent ?? {}),
    condition: targetCondition ?? "",
    priority: priority ?? 0,
    metrics: metrics?.queries ?? {},
    metricResults: metrics?.results ?? {},
    etag,
    createdTimeUtc,
  };
}

/** All of a listing. */
export function configurationsOf(body: unknown, hub: string): readonly Configuration[] {
  return hubAnswer(z.array(z.unknown()), body, { hub, what: "list of configurations" }).map((one) =>
    configurationOf(one, hub),
  );
}
