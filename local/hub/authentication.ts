/** How a device proves who it is [facts 2.1, 2.4]; its symmetric keys, if it uses them, are beside this. */
export type Authentication =
  /** A token signed by one of its keys, or by a policy that may connect devices. */
  | { readonly type: "sas" }
  /** A certificate of its own, known by its thumbprint; at least one is there. */
  | ({ readonly type: "selfSigned" } & Thumbprints)
  /** A certificate of an authority registered on the hub, issued to the device's id. */
  | { readonly type: "certificateAuthority" }
  /** It cannot; only a policy that may connect devices speaks for it. */
  | { readonly type: "none" };

/** Hashes of certificates, SHA-1 or SHA-256, hexadecimal as the caller wrote them. */
export interface Thumbprints {
  readonly primaryThumbprint: string | undefined;
  readonly secondaryThumbprint: string | undefined;
}

/** What a device has that was registered without saying how it authenticates. */
export const SAS: Authentication = Object.freeze({ type: "sas" });

/** Whether a text is a thumbprint: SHA-1 or SHA-256 in hexadecimal, without separators. */
export function isThumbprint(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/iu.test(text);
}
