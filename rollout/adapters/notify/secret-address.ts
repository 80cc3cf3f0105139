import { secret, type Secret } from "../../model/secret.ts";
import { SourceFailure } from "../source-failure.ts";
import { readPlace, type SecretPlace } from "../secret-place.ts";
import { isSafeAddress } from "../safe-address.ts";

/** Read an address that is a secret in itself. What is said of trouble names the place alone. */
export async function readAddress(place: SecretPlace): Promise<Secret> {
  const { text, where } = await readPlace(place);
  if (text === "") throw new SourceFailure("refused", `there is no address in ${where}`);
  const url = URL.parse(text);
  if (url === null || !isSafeAddress(url))
    throw new SourceFailure("refused", `${where} holds no https address`);
  return secret(url.href);
}
