import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { createCertificateAuthority, issueServerCertificate } from "../../../local/hub/certificates.ts";

describe("a certificate authority", () => {
  it("signs itself and no other", async () => {
    const [one, other] = (
      await Promise.all([createCertificateAuthority(), createCertificateAuthority()])
    ).map(({ certPem }) => new X509Certificate(certPem));
    expect(one!.ca).toBe(true);
    expect(one!.verify(one!.publicKey)).toBe(true);
    expect(one!.verify(other!.publicKey)).toBe(false);
    expect(one!.subject).not.toBe(other!.subject);
  });

  it("issues server certificates for names and addresses", async () => {
    const authority = await createCertificateAuthority();
    const { certPem } = await issueServerCertificate(authority, ["localhost", "127.0.0.1", "::1"]);
    const certificate = new X509Certificate(certPem);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(new X509Certificate(authority.certPem))).toBe(true);
    expect(certificate.checkHost("localhost")).toBe("localhost");
    expect(certificate.checkHost("example.com")).toBeUndefined();
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(certificate.subjectAltName).toContain("IP Address:0:0:0:0:0:0:0:1");
  });

  it("refuses to issue a certificate for nobody", async () => {
    await expect(issueServerCertificate(await createCertificateAuthority(), [])).rejects.toThrow(
      /at least one/u,
    );
  });

  it("is what a TLS client has to trust, and enough", async () => {
    const authority = await createCertificateAuthority();
    const { certPem, keyPem } = await issueServerCertificate(authority, ["localhost", "127.0.0.1"]);
    const server = createServer({ cert: certPem, key: keyPem }, (socket) => socket.end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const trusting = connect({ port, host: "127.0.0.1", ca: authority.certPem });
    await once(trusting, "secureConnect");
    expect(trusting.authorized).toBe(true);
    const stranger = connect({ port, host: "127.0.0.1" });
    const [error] = (await once(stranger, "error")) as [Error];
    expect(error.message).toMatch(/verify|self-signed|issuer/u);
    trusting.destroy();
    server.close();
  });
});
