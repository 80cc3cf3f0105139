/** The meter of direct methods' throttle: a call of up to 4 KB counts as 4 KB, whatever the tier [facts 1.9, D]. */
const METHOD_METER_KB = 4;

/** How many messages a payload counts as: whole chunks of the tier's meter, an empty one too [facts 1.7, 1.9, D]. */
export function meteredMessages(bytes: number, meterBytes: number): number {
  return Math.max(1, Math.ceil(bytes / meterBytes));
}

/** Kilobytes that a direct method spends of its throttle: by the payload of the request alone [facts 1.9, D]. */
export function methodKilobytes(requestPayloadBytes: number): number {
  return METHOD_METER_KB * meteredMessages(requestPayloadBytes, METHOD_METER_KB * 1024);
}
