import { wantedSignals, type Telemetry } from "../../adapters/telemetry/telemetry.ts";

/** Open what the standard `OTEL_*` variables name; undefined where they name nothing. Never an error: it only warns. */
export async function openWantedTelemetry(
  environment: Readonly<Record<string, string | undefined>>,
  warn: (line: string) => void,
): Promise<Telemetry | undefined> {
  const { traces, metrics } = wantedSignals(environment);
  if (!traces && !metrics) return undefined;
  try {
    // Loaded late: whoever exports nothing pays for nothing.
    const { openTelemetry } = await import("../../adapters/telemetry/open-telemetry.ts");
    return openTelemetry({ environment, warn });
  } catch (error) {
    warn(`warning: no telemetry: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
