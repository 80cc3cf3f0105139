import { TAG } from "../../model/twin-contract.ts";
import { bucketPath, shownAt, type DeviceView } from "../../model/device-view.ts";
import type { ExplainedRelease } from "../../plan/explain-device.ts";

/** A device and what each release means for it, for people. */
export function renderExplained(
  device: DeviceView,
  products: readonly { readonly product: string; readonly releases: readonly ExplainedRelease[] }[],
): string {
  const bucket = bucketPath(device);
  const facts = [TAG.product, TAG.stratum, TAG.ring, bucket].map(
    (path) => `${path} ${shownAt(device, path)}`,
  );
  const lines = [`${device.deviceId}: ${facts.join(", ")}`];
  for (const { product, releases } of products) {
    if (releases.length === 0) lines.push(`  ${product}: no release is planned or under way`);
    for (const release of releases) lines.push(...releaseLines(product, release));
  }
  return lines.join("\n");
}

function releaseLines(product: string, release: ExplainedRelease): string[] {
  const { version, state, wave, isExposed, because } = release;
  const name = `  ${product} ${version} (${state}): `;
  if (wave === undefined) return [`${name}in no wave`, ...because.map((reason) => `    ${reason}`)];
  const reached = isExposed
    ? "reached by"
    : state === "planned"
      ? "would come with"
      : "not reached yet, comes with";
  return [
    `${name}${reached} wave "${wave.name}", ${wave.number} of ${wave.of}`,
    ...because.map((reason) => `    ${reason}`),
  ];
}
