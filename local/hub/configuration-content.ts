import { assignAt, withoutNulls, type DesiredPath } from "./desired-path.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json-value.ts";
import type { Assignment } from "./layering.ts";
import { notImplemented, ServiceError } from "./service-error.ts";
import { checkTwinDocument, checkTwinSize } from "./twin-limits.ts";

const ROOT = "properties.desired";

/** What a configuration is for: twins of devices, or of modules. */
export type ConfigurationKind = "devices" | "devices.modules";

/** The kind that content is of; undefined when it is of none. Both at once are refused [facts 1.2]. */
export function contentKind(content: JsonObject): ConfigurationKind | undefined {
  // The SDK writes the parts that are not used as undefined or leaves them out.
  if (isJsonObject(content["modulesContent"])) throw notImplemented("modulesContent: IoT Edge deployments");
  const isForDevices = isJsonObject(content["deviceContent"]);
  const isForModules = isJsonObject(content["moduleContent"]);
  if (isForDevices && isForModules)
    throw invalidContent("deviceContent and moduleContent exclude one another");
  return isForModules ? "devices.modules" : isForDevices ? "devices" : undefined;
}

/** Take the content of a configuration apart into what it puts where; refuses what the service refuses [facts 1.2]. */
export function parseContent(content: JsonObject): readonly Assignment[] {
  const kind = contentKind(content);
  const part = content[kind === "devices.modules" ? "moduleContent" : "deviceContent"];
  if (!isJsonObject(part)) throw invalidContent("deviceContent is missing, and so is moduleContent");
  return withinTwinLimits(Object.entries(part).flatMap(([path, value]) => assignmentsAt(path, value)));
}

function assignmentsAt(key: string, value: JsonValue): Assignment[] {
  if (key === ROOT) {
    if (!isJsonObject(value)) throw invalidContent(`${ROOT} takes an object`);
    // FIDELITY: what the bare key does to properties it does not name is undocumented; we leave them alone.
    return Object.entries(value).map(([name, item]) => ({ path: [name], value: item }));
  }
  const path = key.startsWith(`${ROOT}.`) ? key.slice(ROOT.length + 1).split(".") : [];
  if (path.length === 0 || path.includes("")) {
    throw invalidContent(`${JSON.stringify(key.slice(0, 100))} is not a path under ${ROOT}`);
  }
  return [{ path, value }];
}

// What lands in a twin has to fit there [facts 1.2, G]; refused here, where somebody reads the answer.
function withinTwinLimits(written: readonly Assignment[]): readonly Assignment[] {
  try {
    // First of all: it is the one walk that stops where a value is nested too deep for the others.
    for (const { path, value } of written) checkTwinDocument(nested(path, value), ROOT);
    const assignments = written.map(({ path, value }) => ({ path, value: withoutNulls(value) }));
    let document: JsonObject = {};
    for (const { path, value } of assignments) {
      document = value === null ? document : assignAt(document, path, value);
    }
    checkTwinSize(document, "desired");
    return assignments;
  } catch (error) {
    throw error instanceof ServiceError ? invalidContent(error.message) : error;
  }
}

function nested(path: DesiredPath, value: JsonValue): JsonObject {
  return path.toReversed().reduce<JsonValue>((inner, name) => ({ [name]: inner }), value) as JsonObject; // path is never empty
}

/** Refuse the content of a configuration, in the service's words [facts 1.2]. */
export function invalidContent(reason: string): ServiceError {
  return new ServiceError(400, "InvalidConfigurationContent", {
    message: `The content provided for configuration is invalid. Please check and try again: ${reason}`,
  });
}
