import type iothub from "azure-iothub";
import { startHub, type HubOptions, type LocalHub } from "../../../local/hub/hub.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";

export { refusal, stored, valuesOf } from "../../support/service-answer.ts";

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
