import {
  Listr,
  ListrLogger,
  ProcessOutput,
  type DefaultRenderer,
  type ListrDefaultRendererLogLevels,
  type ListrTaskWrapper,
  type SimpleRenderer,
} from "listr2";
import type { AttemptId } from "../../model/attempt.ts";
import { isRolledOut, type RolloutIntent, type RolloutRecord } from "../../model/record.ts";
import type { ApplyEvent } from "../../reconcile/apply.ts";
import { renderCounts, renderEvidence, renderMetrics } from "./judgement.ts";
import { plainText } from "./plain-text.ts";
import type { RolloutView } from "./rollout-lines.ts";
import { stepText } from "./step-text.ts";

/**
 * The view for terminals: each wave of the release under way is a task with its live counts and its evidence against
 * the threshold. It shows the state machine and never is it: the rollout goes on the same with no view at all.
 */
export function rolloutTasks(stream: NodeJS.WriteStream): RolloutView {
  let shown: ReleaseTasks | undefined;
  const leave = async (): Promise<void> => {
    await shown?.end();
    shown = undefined;
  };
  return {
    onEvent: (_product, event) => {
      const intent = releaseOf(event);
      if (intent !== undefined && intent.attempt !== shown?.attempt && intent.state === "running") {
        void shown?.end();
        shown = releaseTasks(intent, stream);
      }
      shown?.onEvent(event);
    },
    end: leave,
  };
}

interface ReleaseTasks {
  readonly attempt: AttemptId;
  onEvent(event: ApplyEvent): void;
  end(): Promise<void>;
}

/** One task of the list, until it is settled. */
interface WaveTask {
  readonly done: PromiseWithResolvers<undefined>;
  handle?: Handle;
  isOpen: boolean;
  output: string;
}
type Handle = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

function releaseTasks(intent: RolloutIntent, stream: NodeJS.WriteStream): ReleaseTasks {
  const { release, attempt } = intent;
  const waves = release.waves.map((): WaveTask => ({
    done: Promise.withResolvers<undefined>(),
    isOpen: true,
    output: "",
  }));
  for (const { done } of waves) done.promise.catch(() => undefined);
  const list = new Listr(
    release.waves.map(({ name, kind }, index) => ({
      title: `${release.product} ${release.version}  wave "${name}" (${kind})`,
      task: async (_: unknown, handle: Handle): Promise<void> => {
        const wave = waves[index];
        if (wave === undefined) return;
        wave.handle = handle;
        handle.output = wave.output;
        await wave.done.promise;
      },
      rendererOptions: { persistentOutput: true, outputBar: 1 },
    })),
    {
      concurrent: false,
      exitOnError: true,
      registerSignalListeners: false,
      forceTTY: true,
      rendererOptions: {
        collapseErrors: false,
        logger: new ListrLogger<ListrDefaultRendererLogLevels>({
          useIcons: false,
          processOutput: new ProcessOutput(stream, stream),
        }),
      },
    },
  );
  const running = list.run().catch(() => undefined);
  let ended = false;
  const settle = (upTo: number): void => {
    for (const wave of waves.slice(0, upTo)) {
      wave.isOpen = false;
      wave.done.resolve(undefined);
    }
  };
  const fail = (wave: number, reason: string): void => {
    settle(wave);
    waves[wave]?.done.reject(new Error(plainText(reason)));
    ended = true;
  };
  const say = (wave: number, lines: readonly string[]): void => {
    const task = waves[wave];
    if (task === undefined || ended) return;
    task.output = plainText(lines.join("\n"));
    if (task.handle !== undefined) task.handle.output = task.output;
  };
  settle(intent.wave);
  return {
    attempt,
    onEvent: (event) => {
      if (event.kind === "judged" && event.judgement.intent.attempt === attempt) {
        const { judgement } = event;
        if (judgement.kind !== "judged") say(judgement.intent.wave, [`not judged: ${judgement.reason}`]);
        else if (judgement.intent.state !== "watching") {
          settle(judgement.intent.wave);
          say(judgement.intent.wave, [
            renderCounts(judgement),
            ...renderEvidence(judgement.verdict),
            ...renderMetrics(judgement, "unsettled"),
          ]);
        }
      }
      if (event.kind === "step" && event.step.kind === "stop" && event.step.stop.attempt === attempt) {
        fail(openWave(waves), `stopped: ${event.step.why}`);
      }
      const record = recordOf(event);
      if (record?.subject !== attempt) return;
      const own = record.intents.find((other) => other.attempt === attempt);
      if (own === undefined || !isRolledOut(own)) return;
      if (own.state === "running") settle(own.wave);
      if (own.state === "watching") settle(waves.length);
      if (own.state === "rolling back" && !ended)
        fail(own.wave, stepText({ kind: "record", record, refs: [] }) ?? "stopped");
    },
    end: async () => {
      // Whatever is still open goes on without us.
      if (!ended) fail(openWave(waves), "still under way; it goes on without this screen");
      await running;
    },
  };

  function openWave(all: readonly WaveTask[]): number {
    const open = all.findIndex(({ isOpen }) => isOpen);
    return open === -1 ? all.length : open;
  }
}

function releaseOf(event: ApplyEvent): RolloutIntent | undefined {
  if (event.kind === "judged") return event.judgement.intent;
  const record = recordOf(event);
  const subject = record?.intents.find(({ attempt }) => attempt === record.subject);
  return subject !== undefined && isRolledOut(subject) ? subject : undefined;
}

function recordOf(event: ApplyEvent): RolloutRecord | undefined {
  return event.kind === "step" && event.step.kind === "record" ? event.step.record : undefined;
}
