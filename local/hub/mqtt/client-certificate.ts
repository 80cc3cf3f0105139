import type { TLSSocket } from "node:tls";

/** A certificate whose key the other end of a TLS connection has proved to own; not believed any further yet. */
export interface ClientCertificate {
  /** Of the subject; undefined when there is none or more than one. */
  readonly commonName: string | undefined;
  /** Hexadecimal, capitals, without separators. */
  readonly sha1: string;
  readonly sha256: string;
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** Whether it leads to an authority registered on the hub, as TLS saw it at the handshake. */
  readonly isFromAuthority: boolean;
}

/** What a client presented in the handshake; undefined when it presented nothing. */
export function clientCertificate(
  socket: TLSSocket,
  { hasAuthorities }: { hasAuthorities: boolean },
): ClientCertificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  // Typed as text, but an array when the subject has several; whoever has two names has none.
  const commonName: unknown = certificate.toLegacyObject().subject.CN;
  return {
    commonName: typeof commonName === "string" ? commonName : undefined,
    sha1: certificate.fingerprint.replaceAll(":", ""),
    sha256: certificate.fingerprint256.replaceAll(":", ""),
    validFrom: certificate.validFromDate.getTime(),
    validUntil: certificate.validToDate.getTime(),
    // Without authorities of our own, TLS would take any that the machine trusts for one.
    isFromAuthority: hasAuthorities && socket.authorized,
  };
}
