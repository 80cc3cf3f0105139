import { join, resolve } from "node:path";
import type { LocalHub } from "../hub/hub.ts";

/** Where a started hub's things are. */
export interface HubPlaces {
  readonly caFile: string;
  /** Undefined when all is in memory. */
  readonly data: string | undefined;
}

/** The preload for programs that know IoT Hub's own ports only. */
const PRELOAD = join(import.meta.dirname, "..", "hub", "preload.cjs");

/** All that a program needs to know of a started hub; holds a key. */
export function hubDocument(hub: LocalHub, { caFile, data }: HubPlaces): Readonly<Record<string, unknown>> {
  return {
    schemaVersion: 1,
    name: hub.hubName,
    hostName: hub.hostName,
    httpsPort: hub.httpsPort,
    mqttPort: hub.mqttPort,
    serviceConnectionString: hub.serviceConnectionString,
    deviceConnectionString: devicePattern(hub),
    caFile,
    ...(data === undefined ? {} : { data: resolve(data) }),
    preload: {
      environment: preloadEnvironment(hub),
      serviceConnectionString: namedConnectionString(hub),
      deviceConnectionString: `HostName=${hub.hubName};DeviceId=<id>;SharedAccessKey=<key>`,
    },
  };
}

/** What a person reads once the hub listens; keys are for a terminal alone, elsewhere they would end up in a log. */
export function greeting(
  hub: LocalHub,
  { caFile, data, showKeys }: HubPlaces & { readonly showKeys: boolean },
): string {
  const shown = (text: string): string => (showKeys ? text : text.replaceAll(hub.serviceKey, "***"));
  const isStock = hub.httpsPort === 443 && hub.mqttPort === 8883;
  const environment = Object.entries(preloadEnvironment(hub)).map(
    ([name, value]) => `    export ${name}=${shellWord(value)}\n`,
  );
  const connectionString = isStock ? hub.serviceConnectionString : namedConnectionString(hub);
  const variables = isStock ? "" : environment.join("");
  const folder = shellWord(data ?? "DIR");
  const lines = [
    `${hub.hubName} is here: HTTPS on ${hub.hostName}:${hub.httpsPort}, MQTT on ${hub.hostName}:${hub.mqttPort}`,
    "",
    `  service   ${shown(hub.serviceConnectionString)}`,
    ...(hub.httpsPort === 443
      ? []
      : [
          `            Microsoft's service SDK always goes to port 443 and takes no :${hub.httpsPort} in a name. Use a program that takes`,
          "            the port off itself, --https-port 443, or the preload below.",
        ]),
    `  device    ${devicePattern(hub)}`,
    `  trust     NODE_EXTRA_CA_CERTS=${caFile}`,
    data === undefined
      ? "  data      in memory alone, gone when the hub ends (--data DIR keeps it)"
      : `  data      ${resolve(data)}`,
    ...(showKeys
      ? []
      : ["            Keys are shown on a terminal and with --json only, so that no log gets them."]),
    "",
    isStock
      ? "Try it, in another terminal:"
      : "Try it, in another terminal, with a preload that brings stock programs here:",
    `    export NODE_EXTRA_CA_CERTS=${shellWord(caFile)}`,
    `${variables}    node -e 'require("azure-iothub").Registry.fromConnectionString("${shown(connectionString)}").list((e, d) => console.log(e ?? d))'`,
    ...(data === undefined
      ? []
      : [
          `    npm run -s hub -- device create d1 --tags '{"site":"lab"}' --data ${folder}`,
          `    npm run -s hub -- snapshot before --data ${folder}`,
        ]),
    "",
    "Ctrl-C ends it.",
  ];
  return `${lines.join("\n")}\n`;
}

function devicePattern(hub: LocalHub): string {
  const port = hub.mqttPort === 8883 ? "" : `:${hub.mqttPort}`;
  return `HostName=${hub.hubName};DeviceId=<id>;SharedAccessKey=<key>;GatewayHostName=${hub.hostName}${port}`;
}

function namedConnectionString(hub: LocalHub): string {
  return `HostName=${hub.hubName};SharedAccessKeyName=iothubowner;SharedAccessKey=${hub.serviceKey}`;
}

function preloadEnvironment({ hubName, hostName, httpsPort, mqttPort }: LocalHub): Record<string, string> {
  const address = hostName === "localhost" ? "127.0.0.1" : hostName;
  return {
    // Quoted as Node reads that variable, where need be.
    NODE_OPTIONS: `--require ${/[\s"\\]/u.test(PRELOAD) ? JSON.stringify(PRELOAD) : PRELOAD}`,
    LOCAL_HUB_CONNECT_TO: `${hubName}:443=${address}:${httpsPort},${hubName}:8883=${address}:${mqttPort}`,
  };
}

/** A text as one word of a shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
