/** Reads the framing of an MQTT stream, chunk by chunk; false once a packet announces more than it may carry. */
export type PacketGuard = (chunk: Uint8Array) => boolean;

/** A guard for one connection: the parser behind it would buffer up to 256 MB before anybody is authenticated. */
export function createPacketGuard(maxPacketBytes: number): PacketGuard {
  let body = 0; // bytes of the current packet still to come
  let isLength = false; // whether the next byte belongs to a remaining length
  let length = 0;
  let factor = 1;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (body > 0) {
        const skipped = Math.min(body, chunk.length - at);
        body -= skipped;
        at += skipped;
      } else if (!isLength) {
        // [MQTT-2.2]: packet type and flags, then the remaining length.
        isLength = true;
        length = 0;
        factor = 1;
        at += 1;
      } else {
        // [MQTT-2.2.3]: seven bits a byte, least significant first, at most four bytes.
        const byte = chunk[at] ?? 0;
        length += (byte & 0x7f) * factor;
        factor *= 128;
        at += 1;
        if (length > maxPacketBytes || factor > 128 ** 4) return false;
        if ((byte & 0x80) === 0) {
          isLength = false;
          body = length;
        }
      }
    }
    return true;
  };
}
