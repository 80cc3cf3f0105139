/** The filter under which a device hears of changes to its desired properties. */
export const DESIRED_FILTER = "$iothub/twin/PATCH/properties/desired/#";

/** What a device asks of the hub by publishing. */
export type DeviceRequest =
  | { readonly kind: "get twin"; readonly requestId: string }
  | { readonly kind: "report"; readonly requestId: string }
  | { readonly kind: "message" }
  | { readonly kind: "method answer" };

const FILTERS: ReadonlySet<string> = new Set([
  "$iothub/twin/res/#",
  DESIRED_FILTER,
  "$iothub/methods/POST/#",
]);

/** Whether a device, or a module, may subscribe to a filter: exactly those of [facts 5.2], and of its own only. */
export function isAllowedFilter(filter: string, key: string): boolean {
  const inbox = key.includes("/") ? "inputs" : "messages/devicebound";
  return FILTERS.has(filter) || filter === `${ownTopic(key)}/${inbox}/#`;
}

/** Where the topics of a device, or of a module, begin. */
function ownTopic(key: string): string {
  return `devices/${key.replace("/", "/modules/")}`;
}

/** What a device asks for on a topic; undefined on a topic that it has no business with. */
export function parseTopic(topic: string, key: string): DeviceRequest | undefined {
  // Request ids are echoed in the topic of the answer: bounded here, and wildcards cannot be published to.
  const twin = /^\$iothub\/twin\/(GET|PATCH\/properties\/reported)\/\?\$rid=([^/&]{1,256})$/u.exec(topic);
  const [, operation, requestId] = twin ?? [];
  if (requestId !== undefined) return { kind: operation === "GET" ? "get twin" : "report", requestId };
  if (topic.startsWith(`${ownTopic(key)}/messages/events/`)) return { kind: "message" };
  if (/^\$iothub\/methods\/res\/\d{1,5}\/\?\$rid=[^/&]{1,256}$/u.test(topic))
    return { kind: "method answer" };
  return undefined;
}

/** Where a twin request is answered; reported writes carry the new version. */
export function responseTopic(status: number, requestId: string, version?: number): string {
  return `$iothub/twin/res/${status}/?$rid=${requestId}${version === undefined ? "" : `&$version=${version}`}`;
}

/** Where a device hears of a change to its desired properties. */
export function desiredTopic(version: number): string {
  return `$iothub/twin/PATCH/properties/desired/?$version=${version}`;
}
