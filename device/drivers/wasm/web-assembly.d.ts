/**
 * The part of Node's global `WebAssembly` that the wasm driver uses: neither the ES library nor Node's types declare it
 * (the DOM library does, with a browser around it).
 */
declare namespace WebAssembly {
  type Exports = Readonly<Record<string, unknown>>;
  class Memory {
    readonly buffer: ArrayBuffer;
  }
  class Global {
    readonly value: unknown;
  }
  function instantiate(
    image: Uint8Array,
    imports: Readonly<Record<string, Readonly<Record<string, () => number>>>>,
  ): Promise<{ readonly instance: { readonly exports: Exports } }>;
}
