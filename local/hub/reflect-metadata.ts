// @peculiar/x509 resolves its algorithms through tsyringe, which refuses to load without three functions of the
// decorator metadata proposal. This is those three, absent anything better; a polyfill loaded earlier is left alone.
// Import it before @peculiar/x509.

type Metadata = Map<unknown, unknown>;

if (!("getMetadata" in Reflect)) {
  const stored = new WeakMap<object, Metadata>();
  const getOwnMetadata = (key: unknown, target: object): unknown => stored.get(target)?.get(key);
  const getMetadata = (key: unknown, target: object): unknown => {
    for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at)) {
      if (stored.get(at)?.has(key) === true) return getOwnMetadata(key, at);
    }
    return undefined;
  };
  const defineMetadata = (key: unknown, value: unknown, target: object): void => {
    const metadata: Metadata = stored.get(target) ?? new Map<unknown, unknown>();
    stored.set(target, metadata.set(key, value));
  };
  Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata });
}

export {};
