import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { onTestFinished } from "vitest";
import type { CertificateAuthority } from "../../local/hub/certificates.ts";
import { createCertificateAuthority, issueServerCertificate } from "../../local/hub/certificates.ts";
import { closeNow, listenOnLoopback } from "../support/loopback.ts";

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
  const port = await listenOnLoopback(server);
  onTestFinished(() => closeNow(server));
  const uri = (path: string): string => `https://localhost:${port}${path}`;
  return { caPem: authority.certPem, authority, uri, requests };
}
