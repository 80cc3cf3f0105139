import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEntraToken } from "../../../local/hub/entra-token.ts";

/** Environment of a process that runs as the signed-in operator of a local hub. */
export interface OperatorSignIn extends AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Sign somebody in by an Azure CLI that is a script: it prints a token of the local hub, as `az` prints one of
 * Microsoft Entra [@azure/identity: AzureCliCredential]. What asks for it is the real credential.
 */
export async function signInOperator(options: {
  readonly issuerKey: string;
  readonly roles: readonly string[];
  readonly name?: string;
  /** Trusted beside the usual authorities. */
  readonly caPem: string;
}): Promise<OperatorSignIn> {
  const { issuerKey, roles, name = "operator", caPem } = options;
  const folder = await mkdtemp(join(tmpdir(), "wavegate-az-"));
  const bin = join(folder, "bin");
  await mkdir(bin);
  const expiresAt = Date.now() + 3_600_000;
  const token = {
    accessToken: createEntraToken({ issuerKey, roles, name }),
    expiresOn: new Date(expiresAt).toISOString(),
    expires_on: Math.floor(expiresAt / 1000),
    tokenType: "Bearer",
  };
  await writeFile(join(folder, "token.json"), JSON.stringify(token), { mode: 0o600 });
  await writeFile(join(folder, "ca.pem"), caPem);
  await writeFile(join(bin, "az"), `#!/bin/sh\nexec cat '${join(folder, "token.json")}'\n`);
  await chmod(join(bin, "az"), 0o755);
  return {
    environment: { PATH: `${bin}:/usr/bin:/bin`, NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
