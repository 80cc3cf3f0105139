import { refId, type AttemptId } from "../model/attempt.ts";
import { documentDigest, type Configuration, type ConfigurationDocument } from "../model/configuration.ts";
import type { Digest } from "../model/digest.ts";
import { labelValue } from "../model/label-value.ts";
import { LABEL } from "../model/labels.ts";
import type { Artifact } from "../model/artifact.ts";
import { DESIRED_PATH, type Access, type FirmwareDesired } from "../model/twin-contract.ts";
import { releaseMetrics } from "./queries.ts";

/** Priority of the first release of a product; each later attempt gets ten more than the highest there is. */
export const FIRST_PRIORITY = 1_000;
const PRIORITY_STEP = 10;

/** The configuration of one attempt as it is created: EMPTY, so that creating it exposes nothing. */
export function releaseDocument(input: {
  readonly product: string;
  readonly version: string;
  readonly attempt: AttemptId;
  readonly digest: Digest;
  readonly artifact: Artifact;
  readonly priority: number;
  readonly imageBase: string;
  /** Who may fetch the image; default: whoever knows its address. */
  readonly access?: Access | undefined;
  readonly adopted: boolean;
  /** Of an adopted baseline: the devices that run it, where it is not all. */
  readonly covers?: string;
  /** How many strata had devices at the start; none is noted for a baseline, which nobody judges. */
  readonly strata?: number;
}): ConfigurationDocument {
  const { attempt, artifact, version, product } = input;
  const firmware: FirmwareDesired = {
    fwVersion: version,
    fwPackageURI: `${input.imageBase.replace(/\/$/, "")}/${artifact.path}`,
    fwPackageCheckValue: artifact.sha256,
    fwPackageSize: artifact.size,
    fwManifest: artifact.manifest,
    fwManifestSignature: artifact.signature,
    fwAccess: input.access ?? "public",
    rolloutId: attempt,
  };
  return certified({
    id: attempt,
    labels: {
      [LABEL.kind]: "release",
      [LABEL.product]: product,
      [LABEL.version]: labelValue(version),
      [LABEL.release]: input.digest,
      ...(input.adopted ? { [LABEL.adopted]: "yes" } : {}),
      ...(input.covers === undefined ? {} : { [LABEL.where]: "yes" }),
      ...(input.strata === undefined ? {} : { [LABEL.strata]: String(input.strata) }),
    },
    content: { [DESIRED_PATH]: firmware },
    condition: "",
    priority: input.priority,
    metrics: releaseMetrics(product, attempt, input.covers),
  });
}

/** The ref of a product: it targets no device, ever; its label names the head record. */
export function refDocument(product: string, head: Digest): ConfigurationDocument {
  return {
    id: refId(product),
    labels: { [LABEL.kind]: "ref", [LABEL.product]: product, [LABEL.head]: head },
    // Content is compulsory; with an empty condition this one reaches nobody.
    content: { "properties.desired.wavegate": { ref: product } },
    condition: "",
    priority: 0,
    metrics: {},
  };
}

/** The document with label `wg-doc` telling what WE wrote. */
export function certified(document: ConfigurationDocument): ConfigurationDocument {
  return { ...document, labels: { ...document.labels, [LABEL.doc]: documentDigest(document) } };
}

/** True when condition, priority and metrics are as wavegate last wrote them. */
export function isCertified(configuration: Configuration): boolean {
  return configuration.labels[LABEL.doc] === documentDigest(configuration);
}

/** The priority of a product's next attempt. */
export function nextPriority(priorities: readonly number[]): number {
  return priorities.length === 0 ? FIRST_PRIORITY : Math.max(...priorities) + PRIORITY_STEP;
}
