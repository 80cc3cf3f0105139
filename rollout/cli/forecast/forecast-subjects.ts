import { resolve } from "node:path";
import { WavegateError } from "../../model/problem.ts";
import { totalOf } from "../../model/question.ts";
import type { Release } from "../../model/release.ts";
import type { Declared } from "../../plan/declared.ts";
import { wantedRelease } from "../../plan/wanted-release.ts";
import { observeProduct } from "../../reconcile/observe.ts";
import { readableProducts } from "../declarations/chosen-products.ts";
import type { Context } from "../command.ts";
import { loadDeclarations, loadRelease } from "../declarations/declarations.ts";
import { declaredPlaces } from "../declarations/declared-places.ts";
import {
  modelOfPlan,
  modelOfShares,
  type AssumedModel,
  type ForecastSurroundings,
} from "./forecast-models.ts";
import { lawsOf } from "./forecast-laws.ts";
import { planIn } from "../plans/saved-plan.ts";
import type { Session } from "../session.ts";
import { hubsOf } from "../settings/settings.ts";

/** What a person wants to be forecast. */
export interface ForecastChoice {
  /** A version or a file; absent: what would start. */
  readonly release: string | undefined;
  readonly product: string | undefined;
  /** Another release file, to compare with. */
  readonly before: string | undefined;
  /** Devices by stratum of a fleet that no hub is asked about. */
  readonly fleet: Readonly<Record<string, number>> | undefined;
  readonly taggedDevices: number;
  readonly lookMs: number | undefined;
}

/** One release to forecast, and the one to compare it with. */
export interface ForecastSubject {
  readonly product: string;
  readonly version: string;
  readonly after: AssumedModel;
  readonly before?: { readonly version: string; readonly model: AssumedModel } | undefined;
}

/** Work out which releases a forecast is about, and over which fleet. */
export async function forecastSubjects(
  context: Context,
  choice: ForecastChoice,
): Promise<readonly ForecastSubject[]> {
  const { folder } = context;
  const load = (file: string | undefined): Promise<Release> | undefined =>
    file === undefined ? undefined : loadRelease(resolve(folder, file), folder);
  const file = isFile(choice.release) ? await load(choice.release) : undefined;
  const before = await load(choice.before);
  if (before !== undefined && file !== undefined && before.product !== file.product)
    throw new WavegateError(
      "BAD_OPTION",
      `--before is a release of ${before.product}, not of ${file.product}`,
      {
        hint: "compare two release files of one product",
      },
    );
  const named = { ...choice, product: choice.product ?? file?.product ?? before?.product };
  return choice.fleet === undefined
    ? onHubs(await context.session(), named, { file, before })
    : offline(context, { ...named, fleet: choice.fleet }, { file, before });
}

interface Files {
  readonly file: Release | undefined;
  readonly before: Release | undefined;
}

async function onHubs(
  session: Session,
  choice: ForecastChoice,
  { file, before }: Files,
): Promise<readonly ForecastSubject[]> {
  const { settings } = session;
  const subjects: ForecastSubject[] = [];
  for (const declared of readableProducts(await session.declarations(), choice.product)) {
    const surroundings: Omit<ForecastSurroundings, "laws"> = {
      queryLagMs: settings.queryLag,
      lookEveryMs: settings.lookEvery,
      lookMs: choice.lookMs,
      activeWithinMs: declared.fleet.activeWithinMs,
      hubs: hubsOf(settings).map(({ tier, units }) => ({ tier, units })),
    };
    const planned = async (
      release: Release | undefined,
    ): Promise<(AssumedModel & { readonly version: string }) | undefined> => {
      const releases = release === undefined ? declared.releases : [{ release, file: release.version }];
      const observed = await observeProduct({ ...declared, releases }, session);
      const starts = planIn(observed, declared.product).release;
      if (starts === undefined) return undefined;
      if (totalOf(starts.devices) === 0) throw nobodyToForecast(declared.product, starts.release.version);
      const laws = await lawsOf(declared.product, session, starts.release.gate);
      return { version: starts.release.version, ...modelOfPlan(starts, { ...surroundings, laws }) };
    };
    const wanted = file ?? versionOf(declared, choice.release);
    const after = await planned(wanted);
    if (after === undefined) {
      if (choice.release === undefined) continue;
      throw nothingToStart(declared.product, choice.release);
    }
    const old = before === undefined ? undefined : await planned(before);
    if (before !== undefined && old === undefined) throw nothingToStart(declared.product, before.version);
    subjects.push({
      product: declared.product,
      version: after.version,
      after,
      before: old === undefined ? undefined : { version: old.version, model: old },
    });
  }
  if (subjects.length === 0) throw nothingToStart("the fleet", undefined);
  return subjects;
}

async function offline(
  context: Context,
  choice: ForecastChoice & { readonly fleet: Readonly<Record<string, number>> },
  { file, before }: Files,
): Promise<readonly ForecastSubject[]> {
  const { folder } = context;
  // A file that is named says all there is to know of a release.
  const products =
    file === undefined
      ? readableProducts(
          await loadDeclarations({ ...(await declaredPlaces(context)), folder }),
          choice.product,
        )
      : [];
  const releases =
    file === undefined ? products.flatMap((declared) => wantedOf(declared, choice.release)) : [file];
  if (releases.length === 0) throw nothingToStart(choice.product ?? "the fleet", choice.release);
  return releases.map((release) => {
    const declared = products.find(({ product }) => product === release.product);
    const surroundings = {
      laws: undefined,
      queryLagMs: 30 * 60_000,
      lookMs: choice.lookMs,
      activeWithinMs: declared?.fleet.activeWithinMs ?? 7 * 86_400_000,
      hubs: [],
      taggedDevices: choice.taggedDevices,
    };
    const modelOf = (of: Release): AssumedModel => modelOfShares(of, choice.fleet, surroundings);
    return {
      product: release.product,
      version: release.version,
      after: modelOf(release),
      before: before === undefined ? undefined : { version: before.version, model: modelOf(before) },
    };
  });
}

/** A path, and no version. */
function isFile(text: string | undefined): boolean {
  return text !== undefined && /[/\\]|\.(ts|mts|js|mjs)$/.test(text);
}

function wantedOf(declared: Declared, version: string | undefined): readonly Release[] {
  const own = versionOf(declared, version);
  if (own !== undefined || version !== undefined) return own === undefined ? [] : [own];
  const wanted = wantedRelease({ releases: declared.releases, intents: [], tombstones: new Set() });
  return wanted === undefined ? [] : [wanted.release];
}

function versionOf({ releases, product }: Declared, version: string | undefined): Release | undefined {
  if (version === undefined || isFile(version)) return undefined;
  const found = releases.find(({ release }) => release.version === version)?.release;
  if (found !== undefined) return found;
  const known = releases.map(({ release }) => release.version).join(", ");
  throw new WavegateError("BAD_OPTION", `${product} has no release ${version}`, {
    hint: known === "" ? "declare one in the releases folder" : `its releases are: ${known}`,
  });
}

function nobodyToForecast(product: string, version: string): WavegateError {
  const message = `no device would be given ${product} ${version}: there is nothing to forecast`;
  const hint = `see why: wavegate plan ${product}; or say how large the fleet is: --fleet-size 10000`;
  return new WavegateError("NO_DEVICES", message, { hint });
}

function nothingToStart(whose: string, release: string | undefined): WavegateError {
  const what = release === undefined ? "no release would start" : `${release} would not start`;
  return new WavegateError("BAD_OPTION", `${what} on ${whose}: there is nothing to forecast`, {
    hint: "name a release and a fleet: wavegate forecast FILE --strata A=70000,B=30000",
  });
}
