import { isIPv6 } from "node:net";
import { readFleetFile, type FleetFile } from "../fleet/fleet-file.ts";
import type { HubOptions } from "../hub/hub.ts";

/** What `npm run hub` is to start. */
export interface HubSettings {
  readonly options: HubOptions;
  /** Virtual milliseconds in a real one. */
  readonly timeScale: number;
  /** Simulated devices to run beside it. */
  readonly fleet: FleetFile | undefined;
  /** The snapshot to begin with. */
  readonly restore: string | undefined;
  readonly log: boolean;
  readonly json: boolean;
}

/** An option, what is wrong with it and what to type. */
export type Problem = string;

/** What an option's value is read as; throws a text that says what is needed. */
type Reader<Value> = (text: string) => Value;

/** The ports of IoT Hub itself are below 1024 or perhaps taken, so HTTPS has another by default. */
export const DEFAULT_PORTS = { https: 8443, mqtt: 8883 } as const;
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const LONGEST_MS = 30 * 24 * UNIT_MS.h;

/** Read what was typed, as commander hands it over: all problems at once, or the settings. */
export function readSettings(
  typed: Readonly<Record<string, unknown>>,
): { readonly settings: HubSettings } | { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const value = <Value>(name: string, read: Reader<Value>): Value | undefined => {
    const text = typed[camelCase(name)];
    if (text === undefined) return undefined;
    try {
      // Commander says true for an option whose value is missing.
      return read(typeof text === "string" ? text : "");
    } catch (error) {
      const shown = typeof text === "string" ? JSON.stringify(text.slice(0, 60)) : "nothing";
      problems.push(`--${name} ${error instanceof Error ? error.message : String(error)}, not ${shown}`);
      return undefined;
    }
  };
  const settings: HubSettings = {
    options: {
      ...optional("host", value("host", readHost)),
      httpsPort: value("https-port", port(443)) ?? DEFAULT_PORTS.https,
      mqttPort: value("mqtt-port", port(8883)) ?? DEFAULT_PORTS.mqtt,
      ...optional("name", value("name", readName)),
      ...optional("tier", value("tier", oneOf("F1", "S1", "S2", "S3"))),
      ...optional("units", value("units", readUnits)),
      ...optional("data", value("data", readPath)),
      ...optional("throttle", value("throttle", oneOf("off", "shape", "strict"))),
      ...optional("dailyQuota", value("daily-quota", oneOf("on", "off"))),
      ...optional("queryLagMs", value("query-lag", readDuration("30s", 0))),
      ...optional("evaluationIntervalMs", value("evaluation-interval", readDuration("5m", 100))),
      ...optional("firstRunDelayMs", value("first-run-delay", readDuration("5s", 0))),
    },
    timeScale: value("time-scale", readScale) ?? 1,
    fleet: value("fleet", readFleet),
    restore: value("restore", readSnapshotName),
    log: typed["log"] === true,
    json: typed["json"] === true,
  };
  const { httpsPort, mqttPort } = settings.options;
  const arePortsRead = !problems.some((problem) => /^--(?:https|mqtt)-port /u.test(problem));
  if (arePortsRead && httpsPort === mqttPort && httpsPort !== 0)
    problems.push(`--https-port and --mqtt-port are both ${String(httpsPort)}: type two different ones`);
  return problems.length === 0 ? { settings } : { problems };
}

/** The name of a snapshot, which is that of a file. */
export function readSnapshotName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u.test(text)) return text;
  throw new RangeError("takes up to 64 letters, digits and . _ -, such as before-the-test");
}

/** The path of a data folder. */
export function readPath(text: string): string {
  if (text !== "") return text;
  throw new RangeError("takes the path of a folder, such as .wavegate/myhub");
}

function readFleet(text: string): FleetFile {
  if (text === "") throw new RangeError("takes a file as docs/fleet.md has it, such as fleet.json");
  try {
    return readFleetFile(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RangeError(`takes a file as docs/fleet.md has it (${why})`, { cause: error });
  }
}

function readHost(text: string): string {
  if (isIPv6(text))
    throw new RangeError("takes an IPv4 address or a name (connection strings have no place for IPv6)");
  if (/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/u.test(text)) return text;
  throw new RangeError("takes an address of this machine, such as 127.0.0.2");
}

/** As Azure takes one for a hub. */
function readName(text: string): string {
  if (/^(?=.{3,50}$)[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*$/u.test(text)) return text;
  throw new RangeError(
    "takes 3 to 50 letters, digits and hyphens, without .azure-devices.net, such as myhub",
  );
}

function port(example: number): Reader<number> {
  return (text) => {
    if (/^\d{1,5}$/u.test(text) && Number(text) <= 65_535) return Number(text);
    throw new RangeError(`takes a port from 1 to 65535, such as ${example}, or 0 for any that is free`);
  };
}

function readUnits(text: string): number {
  if (/^[1-9]\d{0,2}$/u.test(text) && Number(text) <= 200) return Number(text);
  throw new RangeError("takes a whole number from 1 to 200, such as 1");
}

function readScale(text: string): number {
  const scale = Number(text);
  if (text !== "" && scale > 0 && scale <= 1e6) return scale;
  throw new RangeError("takes a number over 0 and up to 1000000, such as 60 for a minute a second");
}

/** A time of at least `leastMs` in ms, s, m or h, read as milliseconds. */
export function readDuration(example: string, leastMs: number): Reader<number> {
  return (text) => {
    const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/u.exec(text === "0" ? "0s" : text) ?? [];
    // The pattern has these units only.
    const ms = Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
    if (ms >= leastMs && ms <= LONGEST_MS) return ms;
    const least = leastMs === 0 ? "" : ` of at least ${leastMs} ms`;
    throw new RangeError(`takes a time${least} in ms, s, m or h, such as ${example}`);
  };
}

function oneOf<const Choice extends string>(...choices: readonly Choice[]): Reader<Choice> {
  return (text) => {
    const found = choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return found;
    throw new RangeError(`takes one of ${choices.join(", ")}`);
  };
}

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Readonly<Record<string, never>> | Readonly<Record<Name, Value>> {
  // A record with one computed key has that key.
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/gu, (_, letter: string) => letter.toUpperCase());
}
