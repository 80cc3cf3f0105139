const identity = {
  deviceId: "target-1",
  status: "enabled",
  statusReason: "because",
  authentication: {
    type: "sas",
    symmetricKey: { primaryKey: Buffer.alloc(32, 1).toString("base64"), secondaryKey: "" },
    x509Thumbprint: { primaryThumbprint: "", secondaryThumbprint: null },
  },
  capabilities: { iotEdge: false },
};
const twin = {
  deviceId: "target-1",
  tags: { site: "lab", place: { floor: 1, rooms: ["a", "b"] } },
  properties: { desired: { firmware: { version: "1.0.0", retries: 3 }, on: true }, reported: { ignored: 1 } },
};
const configuration = {
  id: "target-1",
  schemaVersion: "2.0",
  labels: { team: "x" },
  content: { deviceContent: { "properties.desired.firmware": { version: "1.0.0" } } },
  targetCondition: "tags.site = 'lab'",
  priority: 10,
  metrics: { queries: { ok: "SELECT deviceId FROM devices WHERE properties.reported.a = 1" } },
};
const query = { query: "SELECT deviceId FROM devices WHERE tags.site = 'lab'" };

/** What else service APIs take; for routes that have no body of their own below. */
const OTHERS = [
  { methodName: "reboot", payload: { delay: 1 }, responseTimeoutInSeconds: 5, connectTimeoutInSeconds: 0 },
  [
    { id: "target-2", importMode: "create", status: "enabled", eTag: "*" },
    { id: "target-1", importMode: "delete" },
  ],
  {
    jobId: "target-1",
    type: "scheduleUpdateTwin",
    updateTwin: { etag: "*", tags: { a: 1 } },
    queryCondition: "deviceId IN ['target-1']",
    startTime: "2026-01-01T00:00:00Z",
    maxExecutionTimeInSeconds: 60,
  },
  { targetCondition: "*", customMetricQueries: { a: "SELECT deviceId FROM devices" } },
];

const BODIES: Readonly<Record<string, readonly unknown[]>> = {
  "PUT /devices/:id": [identity],
  "PATCH /twins/:id": [twin],
  "PUT /twins/:id": [twin],
  "PUT /configurations/:id": [configuration],
  "POST /devices/query": [query],
};

/** Bodies that a route takes, or, of a route that is not known here, that it might. */
export function bodiesFor({
  method,
  path,
}: {
  readonly method: string;
  readonly path: string;
}): readonly unknown[] {
  if (method === "GET" || method === "DELETE") return [undefined];
  return BODIES[`${method} ${path}`] ?? [identity, twin, configuration, query, ...OTHERS];
}
