import { attemptId } from "../../../../rollout/model/attempt.ts";
import { sha256Hex } from "../../../../rollout/model/digest.ts";
import type { Notice } from "../../../../rollout/model/notice.ts";

/** The notice of a gate's stop; change what matters. */
export function aNotice(changes: Partial<Notice> = {}): Notice {
  return {
    id: sha256Hex("stop"),
    kind: "abort",
    severity: "critical",
    at: "2026-01-01T03:40:00.000Z",
    product: "thermostat",
    title: "thermostat 1.2.0 was stopped and is taken back",
    reason: "5 of 15 failed in B: evidence 5,112 against at most 2%, abort at 80",
    release: "1.2.0",
    attempt: attemptId("thermostat", "1.2.0", 1),
    wave: "10%",
    devices: 36,
    actor: "gate",
    gate: {
      verdict: "abort",
      guarantee: "statistical",
      reasons: [
        { stratum: "B", k: 5, n: 15, evidence: 5_112, threshold: 80, text: "5 of 15 failed in B" },
        { text: "6 devices harmed: the cap is 5" },
      ],
    },
    record: sha256Hex("record"),
    next: "wavegate history thermostat --release 1.2.0",
    link: "https://git.example.com/fleet/actions/runs/7?check=1&x=2",
    ...changes,
  };
}
