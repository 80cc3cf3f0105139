import { InvariantError, WavegateError } from "../model/problem.ts";
import type { Answer } from "../model/question.ts";
import { isJudged } from "../model/record.ts";
import type { DeviceView } from "../model/device-view.ts";
import { explainRelease, type ExplainedRelease, type Subject } from "../plan/explain-device.ts";
import { answerAll, type Respondents } from "./answer.ts";
import type { Observed } from "./observe.ts";
import type { HubPort, ImagePort } from "./ports.ts";

/** Rounds of questions after which an explanation that still wants to know something is a bug. */
const ASKS = 4;

// What a device's name may hold [IoT Hub: identity registry, deviceId].
const DEVICE_ID = /^[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}$/;

/** A device as its hub knows it; one that no hub knows is an error, and so is a hub that does not say. */
export async function deviceNamed(deviceId: string, hubs: readonly HubPort[]): Promise<DeviceView> {
  if (!DEVICE_ID.test(deviceId))
    throw new WavegateError("BAD_OPTION", `"${deviceId}" cannot be the name of a device`, {
      hint: "names are 1 to 128 letters, digits or -:.+%_#*?!(),=@;$'",
    });
  let unanswered: WavegateError | undefined;
  for (const hub of hubs) {
    try {
      const device = await hub.device(deviceId);
      if (device !== undefined) return device;
    } catch (error) {
      if (!(error instanceof WavegateError) || error.code === "INTERRUPTED") throw error;
      unanswered ??= error;
    }
  }
  if (unanswered !== undefined) throw unanswered;
  const where = hubs.map(({ name }) => name).join(", ");
  throw new WavegateError("DEVICE_UNKNOWN", `${where} has no device "${deviceId}"`, {
    hint: "names are case-sensitive; list them: az iot hub device-identity list --query [].deviceId",
  });
}

/** What the release that would start, and each that is under way, means for one device. Reads only. */
export async function explainDevice(
  device: DeviceView,
  observed: Observed,
  { hubs, images }: { readonly hubs: readonly HubPort[]; readonly images: ImagePort },
): Promise<readonly ExplainedRelease[]> {
  const ports = { hubs, images, seen: observed.observation.hubs };
  const answers = new Map<string, Answer>(observed.observation.answers);
  const explained: ExplainedRelease[] = [];
  for (const subject of subjectsOf(observed)) explained.push(await explain(device, subject, answers, ports));
  return explained;
}

async function explain(
  device: DeviceView,
  subject: Subject,
  answers: Map<string, Answer>,
  ports: Respondents,
): Promise<ExplainedRelease> {
  for (let asks = 0; asks < ASKS; asks++) {
    const asked = explainRelease(device, subject, answers);
    if (asked.kind === "known") return asked.value;
    if (asked.kind === "failed")
      throw new WavegateError("HUB_FAILED", `no explanation of ${device.deviceId}: ${asked.reason}`, {
        hint: "run the command again",
      });
    await answerAll(asked.questions, answers, ports);
  }
  throw new InvariantError("an explanation went on asking");
}

function subjectsOf({ observation, plan }: Observed): readonly Subject[] {
  const planned = plan.kind === "known" ? plan.value.release : undefined;
  return [
    ...(planned === undefined ? [] : [{ ...planned, state: "planned" as const, condition: "" }]),
    ...(observation.store?.head?.record.intents ?? []).filter(isJudged).toReversed(),
  ];
}
