import type { HubMetrics } from "../hub-metrics.ts";

/** A page of the local hub for whoever runs it; no part of IoT Hub. */
export interface OperatorPage {
  readonly path: string;
  readonly contentType: string;
  readonly text: () => string | Promise<string>;
}

/** `GET /healthz` and `GET /metrics`: without a token, since neither tells more than counts. FIDELITY: ours alone. */
export function operatorPages(metrics: HubMetrics): readonly OperatorPage[] {
  return [
    {
      path: "/healthz",
      contentType: "application/json; charset=utf-8",
      text: () =>
        JSON.stringify({ status: "ok", devices: metrics.devices(), connected: metrics.connected() }),
    },
    { path: "/metrics", contentType: metrics.contentType, text: metrics.text },
  ];
}
