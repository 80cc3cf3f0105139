import type { NamedRecord } from "../engine/observation.ts";
import type { Digest } from "../model/digest.ts";
import { instantMs } from "../model/instant.ts";
import type { RecordKind } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import type { Guarantee, Reason } from "../model/verdict.ts";

/** One record, as people read it. */
export interface Decision {
  readonly digest: Digest;
  readonly kind: RecordKind;
  /** Epoch ms. */
  readonly at: number;
  readonly actor: string;
  readonly reason: string;
  /** Version it is about; absent for the first record of a product. */
  readonly version?: string;
  /** What the gate said, where a gate decided. */
  readonly verdict?: {
    readonly kind: "promote" | "hold" | "abort";
    readonly guarantee: Guarantee;
    readonly reasons: readonly Reason[];
    /** What each metric of the gate said, in sentences. */
    readonly metrics: readonly string[];
  };
  /** Looks that the verdict was counted from; absent without a verdict. */
  readonly looks?: number;
  /** Stops that the record took into the chain. */
  readonly stops: readonly Stop[];
}

/** Every decision of a chain, in its order. */
export function decisionsOf(chain: readonly NamedRecord[]): readonly Decision[] {
  return chain.map(({ digest, record }) => {
    const { kind, at, actor, reason, subject, intents, verdict, judged, stops } = record;
    const version = intents.find(({ attempt }) => attempt === subject)?.version;
    const { metrics = [] } = verdict ?? {};
    return {
      digest,
      kind,
      at: instantMs(at),
      actor,
      reason,
      stops,
      ...(version === undefined ? {} : { version }),
      ...(verdict === undefined
        ? {}
        : {
            verdict: {
              kind: verdict.kind,
              guarantee: verdict.guarantee,
              reasons: verdict.reasons,
              metrics: metrics.map(({ text }) => text),
            },
          }),
      ...(judged === undefined ? {} : { looks: judged.looks.count }),
    };
  });
}
