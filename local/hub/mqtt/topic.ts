/** The filter under which a device hears of changes to its desired properties. */
export const DESIRED_FILTER = "$iothub/twin/PATCH/properties/desired/#";
/** The filter under which a device hears the methods that are invoked on it. */
export const METHODS_FILTER = "$iothub/methods/POST/#";

/** What a device asks of the hub by publishing. */
export type DeviceRequest =
  | { readonly kind: "get twin"; readonly requestId: string }
  | { readonly kind: "report"; readonly requestId: string }
  /** `bag` has its properties as they stand in the topic. */
  | { readonly kind: "message"; readonly bag: string }
  | { readonly kind: "method answer"; readonly requestId: string; readonly status: number };

const FILTERS: ReadonlySet<string> = new Set(["$iothub/twin/res/#", DESIRED_FILTER, METHODS_FILTER]);

/** Whether a device or module may subscribe to a filter: exactly those of [facts 5.2], and of its own mailbox only. */
export function isAllowedFilter(filter: string, key: string): boolean {
  return FILTERS.has(filter) || filter === (mailboxFilter(key) ?? inputsFilter(key));
}

/** The filter under which a device gets its messages; undefined for a module, which has no mailbox. */
export function mailboxFilter(key: string): string | undefined {
  return key.includes("/") ? undefined : `devices/${key}/messages/devicebound/#`;
}

/** The filter under which a module would get what is routed to it; nothing ever is [facts 5.2]. */
function inputsFilter(key: string): string {
  return `devices/${key.replace("/", "/modules/")}/inputs/#`;
}

/** What a device or module asks for on a topic; undefined on a topic that it has no business with. */
export function parseTopic(topic: string, key: string): DeviceRequest | undefined {
  // Request ids are echoed in the topic of the answer: bounded here, and wildcards cannot be published to.
  const twin = /^\$iothub\/twin\/(GET|PATCH\/properties\/reported)\/\?\$rid=([^/&]{1,256})$/u.exec(topic);
  const [, operation, requestId] = twin ?? [];
  if (requestId !== undefined) return { kind: operation === "GET" ? "get twin" : "report", requestId };
  const events = eventsTopic(key);
  if (topic.startsWith(events)) return { kind: "message", bag: topic.slice(events.length) };
  // A status is whatever whole number the device chooses.
  const method = /^\$iothub\/methods\/res\/(-?\d{1,9})\/\?\$rid=([^/&]{1,256})$/u.exec(topic);
  const [, status, callId] = method ?? [];
  if (callId !== undefined) return { kind: "method answer", requestId: callId, status: Number(status) };
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

/** Where a device hears that a method is invoked on it. */
export function methodTopic(methodName: string, requestId: string): string {
  return `$iothub/methods/POST/${methodName}/?$rid=${requestId}`;
}

/** Where a device gets a message, with its properties. */
export function mailboxTopic(deviceId: string, bag: string): string {
  return `devices/${deviceId}/messages/devicebound/${bag}`;
}

/** `devices/{device}/messages/events/`, or that of a module [facts 5.2]. */
function eventsTopic(key: string): string {
  const [deviceId = "", moduleId] = key.split("/");
  return `devices/${deviceId}${moduleId === undefined ? "" : `/modules/${moduleId}`}/messages/events/`;
}
