import { z } from "zod";
import { canonicalJson } from "../../model/digest.ts";
import { WavegateError } from "../../model/problem.ts";
import { isSignatureOf, keyIdOf, parsePublicKey } from "../../model/signing-key.ts";
import type { Signer } from "../signing.ts";

/** Who approved a saved plan: an Ed25519 signature over `planText`. */
export interface PlanSignature {
  /** Key that signed it (`keyIdOf`). */
  readonly keyId: string;
  /** Base64. */
  readonly signature: string;
}

/** A plan's file as far as its signature goes. */
export interface SignedPlan {
  /** Its path. */
  readonly file: string;
  /** All that it holds but the signature, as it was read: what a signature is over. */
  readonly content: object;
  readonly signature?: PlanSignature;
}

/** Schema of a signature in a plan's file. */
export const planSignatureSchema = z.strictObject({
  keyId: z.string().regex(/^[0-9a-f]{16}$/, "16 lower-case hex digits"),
  signature: z.string(),
});

/** Sign what a plan's file holds. */
export async function signPlan(signer: Signer, content: object): Promise<PlanSignature> {
  return { keyId: signer.keyId, signature: await signer.sign(planText(content)) };
}

/**
 * Refuse what nobody who may approve has signed: where the settings pin keys, there has to be a plan, with the signature
 * of one of them. Returns the key's id; undefined where none is pinned.
 */
export function approvingKey(
  plan: SignedPlan | undefined,
  pinned: readonly string[] | undefined,
): string | undefined {
  if (pinned === undefined) return undefined;
  const unsigned = (what: string): WavegateError =>
    new WavegateError(
      "PLAN_UNSIGNED",
      `${what}: the settings pin who approves plans (plans.keys); nothing was changed`,
      {
        hint: "sign one: wavegate plan --out release.plan.json --key FILE; then: wavegate apply release.plan.json (what runs already, wavegate reconcile carries on)",
      },
    );
  if (plan === undefined) throw unsigned("there is no plan to carry out");
  const { file, content } = plan;
  if (plan.signature === undefined) throw unsigned(`${file} is not signed`);
  const { keyId, signature } = plan.signature;
  const refuse = (why: string): WavegateError =>
    new WavegateError("PLAN_SIGNATURE", `${file}: ${why}; nothing was changed`, {
      hint: "find out who made the plan; then plan again and sign it: wavegate plan --out FILE --key FILE",
    });
  const key = pinned
    .map(parsePublicKey)
    .find((candidate) => candidate !== undefined && keyIdOf(candidate) === keyId);
  if (key === undefined)
    throw refuse(`it is signed by the key ${keyId}, which the settings do not pin (plans.keys)`);
  if (isSignatureOf(planText(content), signature, key)) return keyId;
  throw refuse(`its signature is not that of the key ${keyId} over this plan`);
}

/**
 * The text that is signed: RFC 8785 below a line that says what it is. A manifest is JSON from its first byte on, so that
 * no signature of a release is one of a plan, nor the reverse, whoever uses one key for both.
 */
export function planText(content: object): string {
  return `wavegate plan, signed to be applied\n${canonicalJson(content)}`;
}
