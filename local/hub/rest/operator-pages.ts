import type { IncomingMessage, ServerResponse } from "node:http";
import type { HubMetrics } from "../hub-metrics.ts";
import type { RouteAccess } from "./route-access.ts";

/** A page of the local hub for whoever runs it; no part of IoT Hub. */
export interface OperatorPage {
  /** Default GET. */
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  /** In find-my-way's syntax. */
  readonly path: string;
  readonly contentType: string;
  /** Throws a ServiceError to refuse. */
  readonly text: (
    request: IncomingMessage,
    parameters: Readonly<Record<string, string | undefined>>,
  ) => string | Promise<string>;
}

/** A page that goes on for as long as its reader stays. */
export interface OperatorStream {
  readonly path: string;
  readonly access: RouteAccess;
  readonly serve: (exchange: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly search: Readonly<Record<string, string>>;
  }) => void;
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
