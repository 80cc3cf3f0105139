import { AsyncLocalStorage } from "node:async_hooks";

// Microsoft's Registry has no parameter for a signal. Its HTTP layer is ours (registry.ts), and it builds the request
// in the same asynchronous context as the call: the signal travels in that.
const signals = new AsyncLocalStorage<AbortSignal>();

/** Run a call of the SDK so that its HTTP request, with the socket, is destroyed when the signal aborts. */
export function underSignal<T>(signal: AbortSignal, run: () => T): T {
  return signals.run(signal, run);
}

/** The signal of the call that is being made, for the HTTP layer. */
export function callSignal(): AbortSignal | undefined {
  return signals.getStore();
}
