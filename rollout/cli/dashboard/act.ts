import { approve } from "../../reconcile/approve.ts";
import { resume } from "../../reconcile/resume.ts";
import { stopRelease } from "../../reconcile/stop-release.ts";
import type { Action } from "../../page/sections/actions.ts";
import type { Decided } from "../notify/tell-decision.ts";
import { theProduct } from "../declarations/chosen-products.ts";
import { decisionOptions, type Session } from "../session.ts";

/** What a person wants done. */
export interface Wanted {
  readonly action: Action;
  readonly product: string;
  readonly reason: string;
}

/** What came of it, in a sentence. */
export interface Acted {
  readonly text: string;
  /** False where it is not in force on every hub yet. */
  readonly isWhole: boolean;
}

/**
 * Do what a person wants, by the same functions as the commands of the same names; the actor is the session's. `tell` gets
 * what was decided.
 */
export async function act(
  { action, product, reason }: Wanted,
  session: Session,
  tell: (decided: Decided) => void,
): Promise<Acted> {
  const { actor } = session;
  const options = decisionOptions(session);
  switch (action) {
    case "approve": {
      const declared = theProduct(await session.declarations(), product);
      const why = reason === "" ? {} : { reason };
      const { wave, version, given, wanted } = await approve(declared, session, { ...options, ...why });
      tell({ product });
      return {
        text: `wave "${wave}" of ${version} is approved by ${actor} (${given.length} of ${wanted})`,
        isWhole: true,
      };
    }
    case "resume": {
      const declared = theProduct(await session.declarations(), product);
      const { version } = await resume(declared, session, { ...options, reason });
      tell({ product });
      return { text: `${version} goes on`, isWhole: true };
    }
    case "hold":
    case "abort": {
      const { stop, inForce, missed } = await stopRelease({ kind: action, product, reason, actor }, session);
      tell({ product, stops: [stop] });
      const done = `${stop.attempt} is ${action === "hold" ? "held" : "stopped"} on ${inForce.join(", ") || "no hub"}`;
      const missing = missed
        .map(({ hub, error }) => `; NOT on ${hub}: ${error.code}: ${error.message}`)
        .join("");
      const next = missed.length > 0 ? `; do it again, now` : "";
      return { text: `${done}${missing}${next}`, isWhole: missed.length === 0 };
    }
  }
}
