import { exampleImages } from "../../../local/device-conformance/images.ts";
import { judge, type Judgement } from "../../../local/device-conformance/judgement.ts";
import { runConformance, type ScenarioResult } from "../../../local/device-conformance/run.ts";
import { createMaker } from "../../../local/device-conformance/signed-statement.ts";
import { supplyOf } from "../../../local/device-conformance/supply.ts";
import { temporaryDirectory } from "../../device/temporary-directory.ts";

/** What the kit says of a device. */
export interface Verdict {
  readonly judgements: readonly Judgement[];
  readonly results: readonly ScenarioResult[];
  /** Names of the rules that were seen broken. */
  readonly broken: readonly string[];
}

/** Put the device that a command starts through the scenarios of a choice of names, all when there are none. */
export async function checkDevice(
  command: readonly string[],
  {
    only = [],
    patienceMs = 90_000,
  }: { readonly only?: readonly string[]; readonly patienceMs?: number } = {},
): Promise<Verdict> {
  const folder = await temporaryDirectory();
  const images = await exampleImages();
  const signing = { maker: createMaker(), product: "thermostat", hardware: "A" };
  const times = { healthMs: 1_000, quietMs: 1_000, patienceMs };
  const results = await runConformance({
    ...{ images, signing, times, only },
    supply: ({ caPem }) => supplyOf({ command, folder, caPem, images, signing, times }),
  });
  const judgements = judge(results);
  return {
    ...{ judgements, results },
    broken: judgements.filter(({ result }) => result === "broken").map(({ name }) => name),
  };
}

/** What was seen, for the message of a test that fails. */
export function evidenceOf({ results }: Verdict): string {
  return results
    .filter(({ findings }) => findings.some(({ isKept }) => !isKept))
    .flatMap(({ scenario, findings, evidence }) => [
      scenario.name,
      ...findings.filter(({ isKept }) => !isKept).map(({ rule, expected }) => `  ${rule}: ${expected}`),
      ...evidence,
    ])
    .join("\n");
}
