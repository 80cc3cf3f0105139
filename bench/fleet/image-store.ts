import { createServer } from "node:https";
import { issueServerCertificate, type CertificateAuthority } from "../../local/hub/certificates.ts";
import { sha256Hex } from "../../rollout/model/digest.ts";
import type { ImagePort } from "../../rollout/reconcile/ports.ts";
import type { Artifact } from "../../rollout/wavegate.ts";
import { closeNow, listenOnLoopback } from "../../test/support/loopback.ts";

/** Images over HTTPS, for devices and for the controller. */
export interface ImageStore extends AsyncDisposable {
  readonly port: ImagePort;
  /** What a release says about an image. */
  readonly artifactOf: (version: string) => Artifact;
  readonly downloads: () => number;
}

/** Serve images by their digests on this machine. */
export async function startImageStore(
  images: ReadonlyMap<string, Uint8Array>,
  authority: CertificateAuthority,
): Promise<ImageStore> {
  const certificate = await issueServerCertificate(authority, ["localhost"]);
  const stored = new Map([...images.values()].map((image) => [`sha256/${sha256Hex(image)}.bin`, image]));
  let downloads = 0;
  const server = createServer({ cert: certificate.certPem, key: certificate.keyPem }, (request, response) => {
    const image = stored.get(request.url?.slice(1) ?? "");
    if (image === undefined) response.statusCode = 404;
    else downloads += 1;
    response.end(image);
  });
  const serverPort = await listenOnLoopback(server);
  return {
    port: {
      base: `https://localhost:${serverPort}`,
      describe: (path) => {
        const image = stored.get(path);
        return Promise.resolve(
          image === undefined ? undefined : { sha256: sha256Hex(image), size: image.length },
        );
      },
    },
    artifactOf: (version) => {
      const image = images.get(version);
      if (image === undefined) throw new Error(`examples/firmware has no ${version}`);
      const sha256 = sha256Hex(image);
      return { path: `sha256/${sha256}.bin`, sha256, size: image.length, manifest: "", signature: "" };
    },
    downloads: () => downloads,
    [Symbol.asyncDispose]: () => closeNow(server),
  };
}
