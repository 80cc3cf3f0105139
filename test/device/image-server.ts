import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { onTestFinished } from "vitest";
import type { CertificateAuthority } from "../../local/hub/certificates.ts";
import { createCertificateAuthority, issueServerCertificate } from "../../local/hub/certificates.ts";

/** An image store on this machine. */
export interface ImageServer {
  readonly caPem: string;
  /** For a second store that the same device believes. */
  readonly authority: CertificateAuthority;
  /** Address of a path. */
  readonly uri: (path: string) => string;
  /** Paths asked for, in order. */
  readonly requests: readonly string[];
}

/** Serve images over TLS until the test ends; `answer` gets every request. */
export async function startImageServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  given?: CertificateAuthority,
): Promise<ImageServer> {
  const authority = given ?? (await createCertificateAuthority());
  const certificate = await issueServerCertificate(authority, ["localhost"]);
  const requests: string[] = [];
  const server = createServer({ cert: certificate.certPem, key: certificate.keyPem }, (request, response) => {
    requests.push(request.url ?? "");
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  );
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server does not listen");
  const uri = (path: string): string => `https://localhost:${address.port}${path}`;
  return { caPem: authority.certPem, authority, uri, requests };
}
