import { randomBytes } from "node:crypto";
import type { JsonObject } from "../hub/json-value.ts";
import type { ImageStore, Mood, Served } from "./image-store.ts";
import type { Image } from "./images.ts";
import type { Maker, Statement } from "./signed-statement.ts";
import type { Timeline } from "./timeline.ts";

/** What devices are signed for. */
export interface Signing {
  readonly maker: Maker;
  readonly product: string;
  readonly hardware: string;
}

/** What a device is asked for; by default a good image, well signed and well served. */
export interface Asking {
  readonly image: Image;
  /** Default: the one the image states. */
  readonly version?: string;
  /** Default: a fresh one. */
  readonly rolloutId?: string;
  readonly mood?: Mood;
  /** What the store really holds; default: the image. */
  readonly bytes?: Uint8Array;
  /** What stands otherwise in the section. */
  readonly section?: JsonObject;
  readonly statement?: Partial<Statement>;
  /** Default: the maker. */
  readonly signer?: Maker;
  /** Key the manifest names; default: the signer's. */
  readonly keyId?: string;
}

/** Something that was asked of the device. */
export interface Attempt {
  readonly rolloutId: string;
  readonly version: string;
  readonly image: Image;
  readonly served: Served;
  readonly section: JsonObject;
}

/** What an attempt is made with. */
export interface AttemptMaterial {
  readonly store: ImageStore;
  readonly timeline: Timeline;
  readonly signing: Signing | undefined;
  /** SHA-256 of the images the device could run: one that is served whole is added. */
  readonly had: Set<string>;
}

/** Put the image into the store and write the section; nothing is sent. */
export function prepareAttempt(asking: Asking, { store, timeline, signing, had }: AttemptMaterial): Attempt {
  const { image, version = image.version, mood = "good", bytes = image.bytes } = asking;
  const served = store.put(bytes, {
    mood,
    tell: (happening) => {
      timeline.add(happening);
      // Bytes of another digest give no version to run.
      if (happening.kind === "fetchEnded" && happening.whole && bytes === image.bytes) had.add(image.sha256);
    },
  });
  const rolloutId =
    asking.rolloutId ?? `fw--conformance--${version.replaceAll(".", "-")}--${randomBytes(3).toString("hex")}`;
  const { sha256 } = image;
  const size = image.bytes.length;
  const signed =
    signing === undefined
      ? { fwManifest: "", fwManifestSignature: "" }
      : (asking.signer ?? signing.maker).state(
          {
            ...{ product: signing.product, hardware: [signing.hardware], version, sha256, size },
            ...asking.statement,
          },
          asking.keyId,
        );
  const section: JsonObject = {
    fwVersion: version,
    fwPackageURI: served.uri,
    fwPackageCheckValue: sha256,
    fwPackageSize: size,
    ...signed,
    rolloutId,
    ...asking.section,
  };
  return { rolloutId, version, image, served, section };
}
