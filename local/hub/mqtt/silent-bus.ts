type Callback = (() => void) | undefined;

/**
 * The bus that a broker would route messages over, routing none: a hub is not a broker. Every topic is between one
 * device and the hub, answers are written to that device's connection directly, so no filter, however clever, and no
 * fault in our checks can carry one device's message to another.
 */
export function createSilentBus(): {
  on: (topic: string, listener: unknown, done?: Callback) => void;
  removeListener: (topic: string, listener: unknown, done?: Callback) => void;
  emit: (packet: unknown, done?: Callback) => void;
  close: (done?: Callback) => void;
} {
  return {
    on: (_topic, _listener, done) => done?.(),
    removeListener: (_topic, _listener, done) => done?.(),
    emit: (_packet, done) => done?.(),
    close: (done) => done?.(),
  };
}
