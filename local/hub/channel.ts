/** Something that is told to whoever listens, in the hub's process and at once. */
export interface Channel<News> {
  /** Hear of everything from now on; disposing ends that. */
  readonly subscribe: (listener: (news: News) => void) => Disposable;
  readonly tell: (news: News) => void;
}

/** A channel that nobody listens to. */
export function createChannel<News>(): Channel<News> {
  // Entries and not listeners: one that subscribes twice hears twice, and may leave once.
  const entries = new Set<{ readonly listener: (news: News) => void }>();
  return {
    subscribe: (listener) => {
      const entry = { listener };
      entries.add(entry);
      return {
        [Symbol.dispose]: () => {
          entries.delete(entry);
        },
      };
    },
    tell: (news) => {
      for (const { listener } of entries) {
        try {
          listener(news);
        } catch {
          // A listener that fails must not take a device's connection with it.
        }
      }
    },
  };
}
