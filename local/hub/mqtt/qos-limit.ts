import type { EventEmitter } from "node:events";
import type { Client } from "aedes";
import type { Packet } from "mqtt-packet";

/**
 * Grant a client that subscribes at QoS 2 no more than 1, as Azure does [facts 5.2, D]. The broker grants what was asked
 * for and lets nobody lower it, so the packet is changed between its parser and it.
 */
export function grantAtMostQos1(client: Client): void {
  // Not declared: the parser of the connection, which emits its packets.
  const { _parser: parser } = client as Client & { readonly _parser: EventEmitter };
  parser.prependListener("packet", (packet: Packet) => {
    if (packet.cmd !== "subscribe") return;
    for (const subscription of packet.subscriptions) if (subscription.qos === 2) subscription.qos = 1;
  });
}
