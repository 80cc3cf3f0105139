import type iothub from "azure-iothub";
import { startHub, type HubOptions, type LocalHub } from "../../../local/hub/hub.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";

/** A hub on a clock that stands still, with Microsoft's Registry connected to it. */
export interface HubFixture extends AsyncDisposable {
  readonly hub: LocalHub;
  readonly clock: ManualClock;
  readonly registry: iothub.Registry;
}

/** Start a hub for one story; unthrottled unless the story is about throttling. */
export async function openHub(options: HubOptions = {}): Promise<HubFixture> {
  const clock = createManualClock();
  const hub = await startHub({ clock, throttle: "off", ...options });
  return { hub, clock, registry: connectRegistry(hub), [Symbol.asyncDispose]: hub.close };
}

/** The status and the error name of a refused call, as the service sent them. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ status: number; code: string; kind: string; message: string }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // The SDK hangs the response on its errors without declaring it.
    const { response } = error as Error & {
      response?: { statusCode: number; headers: Record<string, string | undefined> };
    };
    if (response === undefined) throw error;
    return {
      status: response.statusCode,
      code: response.headers["iothub-errorcode"] ?? "",
      kind: error.constructor.name,
      message: error.message,
    };
  }
  throw new Error("The call was not refused");
}

/** A configuration in the form the SDK sends; everything but the id has a default. */
export function aConfiguration(id: string, rest: Partial<iothub.Configuration> = {}): iothub.Configuration {
  return {
    id,
    schemaVersion: "2.0",
    content: { deviceContent: { "properties.desired.firmware": { version: id } } },
    targetCondition: "*",
    priority: 10,
    ...rest,
  };
}

/** The configuration that the service answered; the SDK types the answer as any. */
export async function stored(call: Promise<{ responseBody: unknown }>): Promise<iothub.Configuration> {
  return (await call).responseBody as iothub.Configuration;
}

/** A section of a twin without what the hub adds to it. */
export function valuesOf(section: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(section).filter(([name]) => !name.startsWith("$")));
}
