import { PROVIDER_KEY } from "./resource-inputs.ts";
import type { SetProgress } from "./device-set-progress.ts";
import type { DeviceSetState } from "./device-set-state.ts";
import { Refusal, registryFailure } from "./registry-failure.ts";
import type { Properties } from "./resource-life.ts";

/** What was brought about stays in the state, so that the next run goes on from there. */
export function failIfPartial({
  id,
  state,
  progress,
  what,
  inputs,
}: {
  readonly id: string;
  readonly state: DeviceSetState;
  readonly progress: SetProgress;
  readonly what: string;
  readonly inputs: Properties;
}): void {
  const { refused, stopped } = progress;
  if (refused.length === 0 && stopped === undefined) return;
  const failures = [
    ...(stopped === undefined ? [] : [registryFailure(stopped, what)]),
    ...(refused.length === 0 ? [] : [registryFailure(new Refusal(summaryOf(refused)), what)]),
  ];
  const reasons = failures.map(({ message }) => message);
  const failure = new Error(
    `${reasons.join("; ")}; ${progress.doubtful.size === 0 ? "" : `${progress.doubtful.size} devices may or may not be there, `}${state.count} devices are there, run pulumi up to go on`,
    {
      cause: stopped,
    },
  );
  if (Object.keys(state.digests).length === 0) throw failure;
  // With an id, a failure is one of initialization. The provider's text goes along, for Pulumi adds it only to
  // successes [pulumi: cmd/dynamic-provider, grpcResponseFromError].
  const properties = { ...state, [PROVIDER_KEY]: inputs[PROVIDER_KEY] };
  throw Object.assign(failure, { id, properties, reasons: [failure.message] });
}

/** The first of many refusals, and how many more there are. */
export function summaryOf(refused: readonly string[]): string {
  const shown = refused.slice(0, 10).join("; ");
  return refused.length > 10 ? `${shown}; and ${refused.length - 10} more` : shown;
}
