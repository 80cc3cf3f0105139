import { registeredDevice, type Device } from "../../../local/hub/device.ts";
import type { JsonObject } from "../../../local/hub/json-value.ts";
import { TWINS } from "../../../local/hub/query/device-property.ts";
import { parseCondition } from "../../../local/hub/query/parser.ts";
import type { Truth } from "../../../local/hub/query/collection.ts";
import { compilePredicate, recordingScope } from "../../../local/hub/query/predicate.ts";
import { withQueryDefaults, type QueryOptions } from "../../../local/hub/query/query-options.ts";

/** The record of a device with these parts of a twin, and nothing else that would tell it from others. */
export function aDevice(
  parts: {
    id?: string;
    sequence?: number;
    tags?: JsonObject;
    reported?: JsonObject;
    desired?: JsonObject;
  } = {},
): Device {
  const { id = "d1", sequence = 1, tags = {}, reported = {}, desired = {} } = parts;
  const device = registeredDevice({ deviceId: id, tags }, { sequence, at: 0 });
  return {
    ...device,
    reported: { ...device.reported, value: reported },
    desired: { ...device.desired, value: desired },
  };
}

/** What a condition says of a device. */
export function truth(condition: string, device: Device = aDevice(), options: QueryOptions = {}): Truth {
  const { scope } = recordingScope(TWINS, withQueryDefaults(options));
  return compilePredicate(parseCondition(condition), scope)(device);
}
