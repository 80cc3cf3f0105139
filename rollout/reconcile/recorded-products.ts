import type { HubView } from "../engine/observation.ts";
import { parseFleet } from "../model/fleet.ts";
import { headOf } from "../model/labels.ts";
import { WavegateError, type Code, type Problem } from "../model/problem.ts";
import { isJudged, type RolloutRecord } from "../model/record.ts";
import type { Declared } from "../plan/declared.ts";
import type { RecordPort } from "./ports.ts";

const REF = /^wg--(?<product>[a-z0-9-]+)$/;
/** What says that a record is in this store, and cannot be read. */
const UNREADABLE: readonly Code[] = ["RECORD_BROKEN", "STORE_FORMAT"];

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

/**
 * The same of a fleet that no longer declares a product whose release is under way, or of which nobody can tell since its
 * record is broken: somebody has to watch it.
 */
export async function forgottenProducts(
  declared: readonly string[],
  { seen, records }: Recorded,
): Promise<readonly Declared[]> {
  const heads = await recordedHeads({ seen, records }, declared);
  return [...heads].flatMap(([product, record]) => {
    const underWay = record?.intents.findLast(isJudged);
    if (record !== undefined && underWay === undefined) return [];
    const what =
      underWay === undefined ? "its record cannot be read" : `${underWay.version} is ${underWay.state}`;
    const problem: Problem = {
      severity: "error",
      code: "PRODUCT_REMOVED",
      path: `fleet.ts: products: ${product}`,
      summary: `it is not declared any more, and ${what}: it is only watched, to be stopped`,
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

/** Head records of products that have one in this store, but for those already known; undefined: it cannot be read. */
async function recordedHeads(
  { seen, records }: Recorded,
  known: readonly string[] = [],
): Promise<ReadonlyMap<string, RolloutRecord | undefined>> {
  const found = new Map<string, RolloutRecord | undefined>();
  for (const { listing } of seen) {
    for (const { id, labels } of listing?.configurations ?? []) {
      const product = REF.exec(id)?.groups?.["product"];
      const head = headOf(labels);
      if (product === undefined || head === undefined || found.has(product) || known.includes(product))
        continue;
      try {
        const record = await records.getRecord(product, head);
        if (record !== undefined) found.set(product, record);
      } catch (error) {
        // One that is broken keeps no other product from being watched.
        if (!(error instanceof WavegateError) || !UNREADABLE.includes(error.code)) throw error;
        found.set(product, undefined);
      }
    }
  }
  return found;
}

function undeclared(product: string, problems: readonly Problem[]): readonly Declared[] {
  const { fleet } = parseFleet({ products: { [product]: {} } }, "fleet.ts");
  return fleet === undefined ? [] : [{ product, fleet, releases: [], problems }];
}
