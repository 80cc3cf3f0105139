import type { HubView } from "../engine/observation.ts";
import { parseFleet } from "../model/fleet.ts";
import { headOf } from "../model/labels.ts";
import type { Problem } from "../model/problem.ts";
import { isJudged, type RolloutRecord } from "../model/record.ts";
import type { Declared } from "../plan/declared.ts";
import type { RecordPort } from "./ports.ts";

const REF = /^wg--(?<product>[a-z0-9-]+)$/;

/**
 * What a controller that cannot read its declarations is left with: the products whose head stands in its own record
 * store, with no release declared, and all that is wrong as their problems. Of them it may observe and stop, nothing
 * widens. Another project's products on the same hub are none of its business: their records are not here.
 */
export async function recordedProducts(
  problems: readonly Problem[],
  { seen, records }: Recorded,
): Promise<readonly Declared[]> {
  const heads = await recordedHeads({ seen, records });
  return [...heads.keys()].flatMap((product) => undeclared(product, problems));
}

/** The same of a fleet that no longer declares a product whose release is under way: somebody has to watch it. */
export async function forgottenProducts(
  declared: readonly string[],
  { seen, records }: Recorded,
): Promise<readonly Declared[]> {
  const heads = await recordedHeads({ seen, records }, declared);
  return [...heads].flatMap(([product, { intents }]) => {
    const underWay = intents.findLast(isJudged);
    if (underWay === undefined) return [];
    const problem: Problem = {
      severity: "error",
      code: "PRODUCT_REMOVED",
      path: `fleet.ts: products: ${product}`,
      summary: `it is not declared any more, and ${underWay.version} is ${underWay.state}: it is only watched, to be stopped`,
      hint: `declare it again, or take it back: wavegate abort ${product} --reason "..."`,
    };
    return undeclared(product, [problem]);
  });
}

interface Recorded {
  /** The hubs, as they were listed. */
  readonly seen: readonly HubView[];
  readonly records: Pick<RecordPort, "getRecord">;
}

/** Head records of products that have one in this store, but for those already known. */
async function recordedHeads(
  { seen, records }: Recorded,
  known: readonly string[] = [],
): Promise<ReadonlyMap<string, RolloutRecord>> {
  const found = new Map<string, RolloutRecord>();
  for (const { listing } of seen) {
    for (const { id, labels } of listing?.configurations ?? []) {
      const product = REF.exec(id)?.groups?.["product"];
      const head = headOf(labels);
      if (product === undefined || head === undefined || found.has(product) || known.includes(product))
        continue;
      const record = await records.getRecord(product, head);
      if (record !== undefined) found.set(product, record);
    }
  }
  return found;
}

function undeclared(product: string, problems: readonly Problem[]): readonly Declared[] {
  const { fleet } = parseFleet({ products: { [product]: {} } }, "fleet.ts");
  return fleet === undefined ? [] : [{ product, fleet, releases: [], problems }];
}
