import { wavegate, type Shell } from "./command-line.ts";

/** One decision, as `wavegate history --json` prints it; only what the demo looks at. */
export interface Decision {
  readonly kind: string;
  readonly reason: string;
  readonly subject: string | null;
  readonly intents: readonly {
    readonly attempt: string;
    readonly version: string;
    readonly state: string;
    readonly condition: string;
    readonly wave?: number;
    readonly release?: { readonly waves: readonly { readonly name: string; readonly kind: string }[] };
    readonly targeted?: Readonly<Record<string, number>>;
  }[];
  readonly verdict?: {
    readonly guarantee: string;
    readonly reasons: readonly Evidence[];
  };
}

/** Why a gate decided. */
export interface Evidence {
  readonly code: string;
  readonly stratum?: string;
  readonly k?: number;
  readonly n?: number;
  readonly evidence?: number;
  readonly threshold?: number;
  readonly text: string;
}

/** The chain of a product's decisions, oldest first, as the real command line reads it from the records. */
export async function readHistory(product: string, shell: Shell): Promise<readonly Decision[]> {
  const { code, output } = await wavegate(["history", product, "--json"], shell);
  if (code !== 0) throw new Error(`wavegate history ended in ${code ?? "a signal"}: ${output}`);
  // Our own command printed it a moment ago.
  const { products } = JSON.parse(output) as {
    products: readonly { chain: readonly { record: Decision }[] }[];
  };
  return (products[0]?.chain ?? []).map(({ record }) => record).toReversed();
}

/** Devices by the version they report, by the real `wavegate status --json`. */
export async function readVersions(product: string, shell: Shell): Promise<Readonly<Record<string, number>>> {
  const { code, output } = await wavegate(["status", product, "--json"], shell);
  if (code !== 0) throw new Error(`wavegate status ended in ${code ?? "a signal"}: ${output}`);
  const { products } = JSON.parse(output) as {
    products: readonly { versions: Readonly<Record<string, number>> }[];
  };
  return products[0]?.versions ?? {};
}

/** The latest decision's intent for a version. */
export function intentOf(
  history: readonly Decision[],
  version: string,
): Decision["intents"][number] | undefined {
  return history.at(-1)?.intents.find((intent) => intent.version === version);
}

/** Decisions about a version, oldest first. */
export function decisionsOn(history: readonly Decision[], version: string): readonly Decision[] {
  return history.filter(({ subject, intents }) =>
    intents.some((intent) => intent.attempt === subject && intent.version === version),
  );
}
