import { onTestFinished } from "vitest";
import { startProgram } from "../../../local/device-conformance/device-program.ts";
import { exampleImages, type Images } from "../../../local/device-conformance/images.ts";
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

/** How a device is checked. */
export interface CheckOptions {
  /** Names of scenarios or rules. Default: all. */
  readonly only?: readonly string[];
  readonly patienceMs?: number;
  /** Default: the thermostat's. */
  readonly images?: Images;
  readonly isUnsigned?: boolean;
  /** Whether the device starts by itself, once; the kit waits for it. */
  readonly startsItself?: boolean;
  /** What cleans up; tests side by side give that of their own context. */
  readonly onFinished?: typeof onTestFinished;
}

/** Put the device that a command starts through the scenarios. */
export async function checkDevice(command: readonly string[], options: CheckOptions = {}): Promise<Verdict> {
  const { only = [], patienceMs = 90_000, images, isUnsigned = false, startsItself = false } = options;
  const { onFinished = onTestFinished } = options;
  const folder = await temporaryDirectory(onFinished);
  const given = images ?? (await exampleImages());
  const signing = isUnsigned ? undefined : { maker: createMaker(), product: "thermostat", hardware: "A" };
  const times = { healthMs: 1_000, quietMs: 1_000, patienceMs };
  const supplied = (caPem: string): ReturnType<typeof supplyOf> =>
    supplyOf({ command, folder, caPem, images: given, signing, times });
  const results = await runConformance({
    ...{ images: given, signing, times, only },
    supply: startsItself ? undefined : ({ caPem }) => supplied(caPem),
    onAddress: async ({ connectionString, caPem }) => {
      const { variables } = await supplied(caPem);
      const program = startProgram(command, {
        ...variables,
        IOTHUB_DEVICE_CONNECTION_STRING: connectionString,
        DEVICE_STATE_DIR: folder,
      });
      onFinished(program.kill);
    },
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
