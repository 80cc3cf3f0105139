import { createServer } from "node:tls";
import { Aedes } from "aedes";
import { onTestFinished } from "vitest";
import type { CertificateAuthority } from "../../local/hub/certificates.ts";
import { issueServerCertificate } from "../../local/hub/certificates.ts";
import { listenOnLoopback } from "../support/loopback.ts";

/**
 * A hub that lets every device in and answers no report, nor, if it is told so, any read of the twin: what the SDK would
 * wait for without end.
 */
export async function startMuteHub(options: {
  readonly authority: CertificateAuthority;
  readonly answersReads: boolean;
}): Promise<{ readonly address: string }> {
  const certificate = await issueServerCertificate(options.authority, ["localhost"]);
  const broker = await Aedes.createBroker({
    authorizePublish(client, packet, done) {
      const read = /^\$iothub\/twin\/GET\/\?\$rid=(?<id>.+)$/.exec(packet.topic)?.groups?.["id"];
      if (read !== undefined && options.answersReads) {
        client?.publish(
          {
            cmd: "publish",
            topic: `$iothub/twin/res/200/?$rid=${read}`,
            payload: JSON.stringify({ desired: { $version: 1 }, reported: { $version: 1 } }),
            qos: 0,
            dup: false,
            retain: false,
          },
          () => undefined,
        );
      }
      done(null);
    },
  });
  const server = createServer({ cert: certificate.certPem, key: certificate.keyPem }, (socket) => {
    broker.handle(socket);
  });
  const port = await listenOnLoopback(server);
  onTestFinished(async () => {
    await new Promise<void>((resolve) => {
      broker.close(resolve);
    });
    server.close();
  });
  return { address: `localhost:${port}` };
}
