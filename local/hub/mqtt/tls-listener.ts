import { X509Certificate } from "node:crypto";
import { createServer, type TLSSocket } from "node:tls";
import type { ServerCertificate } from "../certificates.ts";
import { boundHandshakes } from "../handshakes.ts";
import { listenAt, type ListenAddress } from "../listen.ts";
import { clientCertificate } from "./client-certificate.ts";
import type { DeviceBroker } from "./device-broker.ts";

/** MQTT over TLS, listening. */
export interface TlsListener extends AsyncDisposable {
  readonly port: number;
}

/** Hand MQTT connections over TLS to the broker [facts 5.1]. */
export async function listenOverTls({
  address,
  broker,
  certificate,
  deviceAuthorities,
  patienceMs,
  maxHandshakes,
}: {
  readonly address: ListenAddress;
  readonly broker: DeviceBroker;
  readonly certificate: ServerCertificate;
  /** PEM of the authorities whose certificates devices may have. */
  readonly deviceAuthorities: readonly string[];
  readonly patienceMs: number;
  readonly maxHandshakes: number;
}): Promise<TlsListener> {
  deviceAuthorities.forEach(checkAuthority);
  const hasAuthorities = deviceAuthorities.length > 0;
  const sockets = new Set<TLSSocket>();
  const server = createServer(
    {
      key: certificate.keyPem,
      cert: certificate.certPem,
      minVersion: "TLSv1.2",
      ca: [...deviceAuthorities],
      // Asked of everybody and judged by the broker: whether a device needs one is known from its CONNECT only.
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: patienceMs,
    },
    (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      broker.accept(socket, clientCertificate(socket, { hasAuthorities }));
    },
  );
  const handshakes = boundHandshakes(server, maxHandshakes);
  const port = await listenAt(server, address);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      handshakes[Symbol.dispose]();
      await closed;
    },
  };
}

function checkAuthority(pem: string, index: number): void {
  const what = `deviceAuthorities[${index}]`;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (error) {
    throw new RangeError(`${what} is no certificate in PEM`, { cause: error });
  }
  // TLS would trust a certificate that is no authority's for itself.
  if (!certificate.ca) throw new RangeError(`${what} is the certificate of no authority (no CA:TRUE)`);
}
