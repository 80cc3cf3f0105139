import type { Stop } from "../../model/stop.ts";
import type { Context } from "../command.ts";
import type { Session } from "../session.ts";

/** What a person decided about a product. */
export interface Decided {
  readonly product: string;
  /** Stops that were carried out, which no record may tell yet; default: none, all of it is recorded. */
  readonly stops?: readonly Stop[];
}

/** Have the channels of the settings told of decisions once the command has printed what it did. */
export function tellAfterwards(
  decided: readonly Decided[],
  context: Pick<Context, "afterwards" | "progress" | "signal">,
  session: Session,
): void {
  if (!hasChannels(session)) return;
  context.afterwards(async () => {
    await Promise.all(decided.map((one) => tellDecision(one, context, session)));
  });
}

/**
 * Tell the channels of the settings of a decision, as a run does after its look: what is not told here is told by the next
 * run. Never an error; it takes as long as the record store does, and ten seconds for the channels.
 */
export async function tellDecision(
  { product, stops = [] }: Decided,
  context: Pick<Context, "progress" | "signal">,
  session: Session,
): Promise<void> {
  if (!hasChannels(session)) return;
  // Loaded late: most settings name no channel.
  const [{ deliver }, { deliveryPorts }] = await Promise.all([
    import("./deliver.ts"),
    import("./delivery-ports.ts"),
  ]);
  await deliver({ product, at: session.clock.now(), stops }, deliveryPorts(context, session));
}

function hasChannels({ settings }: Session): boolean {
  return (settings.notify?.channels.length ?? 0) > 0;
}
