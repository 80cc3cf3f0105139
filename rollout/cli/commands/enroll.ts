import { percentageSchema } from "../../model/percentage.ts";
import { hubLimits } from "../../model/hub-limits.ts";
import { WavegateError } from "../../model/problem.ts";
import { totalOf } from "../../model/question.ts";
import {
  IMPORT_ABOVE,
  missingBucketCondition,
  numericBucketCondition,
  planEnrollment,
  type EnrollmentPlan,
} from "../../plan/enrollment.ts";
import { openWaves } from "../../plan/open-waves.ts";
import { countByStratum } from "../../plan/queries.ts";
import { taggedCondition } from "../../plan/target-condition.ts";
import { enrollByJob } from "../../reconcile/enroll-by-job.ts";
import { enrollByTwins } from "../../reconcile/enroll-by-twins.ts";
import type { EnrollmentResult } from "../../reconcile/enrollment-result.ts";
import { readStore } from "../../reconcile/store-view.ts";
import { theProduct } from "../declarations/chosen-products.ts";
import { EXIT, textOption, type Command, type Context, type Input } from "../command.ts";
import { loadDeclarations } from "../declarations/declarations.ts";
import { openEnrollment, type EnrollmentSession } from "../enrollment-session.ts";
import { hubsOf, type HubSettings, type Settings } from "../settings/settings.ts";
import { openRecords } from "../session.ts";
import { enrollmentLines, renderEnrollment, renderEnrollmentPlan } from "../views/enrollment.ts";

/** `wavegate enroll`. */
export const enroll: Command = {
  help: `Find the devices of a product that have no bucket and write it into their tags:
tags.rollout.bucket, and nothing else, never over one that is there. Without --yes it
shows what it would do and what that costs. It keeps to a share of the hub's rate,
stops cleanly at Ctrl-C and goes on where it stopped. It signs in as the settings'
identities, since the rollout itself may write to no device.`,
  examples: ["wavegate enroll thermostat", "wavegate enroll thermostat --yes --share 25%"],
  options: [
    ["--yes", "do it"],
    ["--share <percent>", "share of the hub's rates to use (default: 50%)"],
    ["--hub <name>", "the hub, where the settings name several"],
    ["--import-above <devices>", `use an import job above this many (default: ${IMPORT_ABOVE})`],
    ["--into-open-wave", "also while a wave is open: devices may join it at once"],
  ],
  async run(context, input) {
    const options = optionsOf(input);
    const settings = await context.settings();
    const { folder } = context;
    const checked = await loadDeclarations({ ...settings.declarations, folder });
    // Releases with errors keep nobody from enrolling.
    const { product } = theProduct(checked, input.args[0] ?? "");
    const at = chosenHub(settings, textOption(input, "hub"));
    const session = await openEnrollment(settings, at);
    const { hub, jobs } = session;
    const { open, recordsRead } = await openIn(session, product, await openRecords(settings));
    const count = async (condition: string): Promise<number> =>
      totalOf(await hub.count(countByStratum(condition)));
    const devices = await count(taggedCondition(product));
    const plan = planEnrollment(
      {
        devices,
        stamped: await count(numericBucketCondition(product)),
        missing: await count(missingBucketCondition(product)),
      },
      {
        limits: hubLimits(at.tier, at.units),
        share: options.share,
        importAbove: options.importAbove,
        hasContainer: jobs !== undefined,
      },
    );
    const shown = { product, plan, open, recordsRead, intoOpenWave: options.intoOpenWave };
    if (!options.yes || plan.method === "none") {
      return {
        exitCode: EXIT.done,
        human: renderEnrollmentPlan({
          ...shown,
          again: againFrom(product, options, textOption(input, "hub")),
        }),
        json: { schemaVersion: 1, product, plan, openWaves: open, recordsRead, applied: false },
      };
    }
    if (open.length > 0 && !options.intoOpenWave) {
      throw new WavegateError(
        "ENROLL_OPEN_WAVE",
        `new buckets of ${product} could join what is open: ${open.join("; ")}`,
        {
          hint: "wait until the rollout has reached everyone, or add --into-open-wave",
        },
      );
    }
    context.progress(renderEnrollmentPlan(shown));
    const result = await enrollBy(plan, { context, session, product });
    return {
      exitCode: result.interrupted ? EXIT.interrupted : result.refusedCount > 0 ? EXIT.error : EXIT.done,
      human: renderEnrollment({ product, plan, result }),
      json: { schemaVersion: 1, product, plan, openWaves: open, recordsRead, applied: true, result },
    };
  },
};

/** One hub at a time: each has devices and limits of its own. */
function chosenHub(settings: Settings, name: string | undefined): HubSettings {
  const hubs = hubsOf(settings);
  const found =
    hubs.find((hub) => hub.name === name) ?? (hubs.length === 1 && name === undefined ? hubs[0] : undefined);
  if (found !== undefined) return found;
  const message =
    name === undefined ? "the settings name several hubs" : `the settings name no hub "${name}"`;
  throw new WavegateError("BAD_OPTION", message, {
    hint: `add --hub with one of: ${hubs.map((hub) => hub.name).join(", ")}`,
  });
}

interface Options {
  readonly yes: boolean;
  readonly share: number;
  readonly shareText: string | undefined;
  readonly importAbove: number;
  readonly importAboveText: string | undefined;
  readonly intoOpenWave: boolean;
}

function optionsOf(input: Input): Options {
  const shareText = textOption(input, "share");
  const share = percentageSchema.safeParse(shareText ?? "50%");
  if (!share.success || share.data === 0) {
    throw new WavegateError("BAD_OPTION", `--share is "${shareText ?? ""}", a percentage over 0% is needed`, {
      hint: "write it as in: wavegate enroll PRODUCT --share 50%",
    });
  }
  const importAboveText = textOption(input, "importAbove");
  const importAbove = importAboveText === undefined ? IMPORT_ABOVE : Number(importAboveText);
  if (!Number.isSafeInteger(importAbove) || importAbove < 0 || importAboveText?.trim() === "") {
    throw new WavegateError(
      "BAD_OPTION",
      `--import-above is "${importAboveText ?? ""}", a number of devices is needed`,
      {
        hint: "write it as in: wavegate enroll PRODUCT --import-above 50000",
      },
    );
  }
  return {
    yes: input.options["yes"] === true,
    share: share.data,
    shareText,
    importAbove,
    importAboveText,
    intoOpenWave: input.options["intoOpenWave"] === true,
  };
}

/** The command to type to have done what was shown. */
function againFrom(
  product: string,
  { shareText, importAboveText, intoOpenWave }: Options,
  hub: string | undefined,
): string {
  return [
    `wavegate enroll ${product} --yes`,
    ...(hub === undefined ? [] : [`--hub ${hub}`]),
    ...(shareText === undefined ? [] : [`--share ${shareText}`]),
    ...(importAboveText === undefined ? [] : [`--import-above ${importAboveText}`]),
    ...(intoOpenWave ? ["--into-open-wave"] : []),
  ].join(" ");
}

async function openIn(
  { hub }: EnrollmentSession,
  product: string,
  records: Awaited<ReturnType<typeof openRecords>>,
): Promise<{ readonly open: readonly string[]; readonly recordsRead: boolean }> {
  const listing = await hub.list();
  // The identities' role has no right to the records: without them the configurations alone tell.
  const store = await readStore({ records, product, hubs: [{ name: hub.name, listing }] });
  return {
    open: openWaves({ product, listing, head: store?.head?.record }),
    recordsRead: store !== undefined,
  };
}

function enrollBy(
  plan: EnrollmentPlan,
  input: { readonly context: Context; readonly session: EnrollmentSession; readonly product: string },
): Promise<EnrollmentResult> {
  const { context, session, product } = input;
  const { twins, jobs, clock } = session;
  const { signal } = context;
  const onProgress = enrollmentLines(context.progress, () => clock.now());
  return plan.method === "import job" && jobs !== undefined
    ? enrollByJob({ product, jobs, clock, signal, onProgress })
    : enrollByTwins({
        product,
        twins,
        clock,
        signal,
        onProgress,
        most: plan.thisRun,
        writesPerSecond: plan.writesPerSecond,
        pagesPerMinute: plan.pagesPerMinute,
      });
}
