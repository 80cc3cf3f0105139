import { readFile } from "node:fs/promises";
import type { TokenCredential } from "@azure/core-auth";
import { WavegateError } from "../model/problem.ts";

/** How to sign in, by name: nothing is guessed on a controller. */
export type CredentialSettings =
  | { readonly kind: "azure-cli" }
  | { readonly kind: "workload-identity" }
  | { readonly kind: "managed-identity"; readonly clientId: string }
  /** A file that somebody keeps a current token in: what stands in for a sign-in on a laptop without Azure. */
  | { readonly kind: "token-file"; readonly file: string };

/** The named credential. Azure's own library is loaded only where it is used: it takes a third of a second. */
export async function credentialOf(settings: CredentialSettings): Promise<TokenCredential> {
  if (settings.kind === "token-file") return tokenFile(settings.file);
  const identity = await import("@azure/identity");
  switch (settings.kind) {
    case "azure-cli":
      return new identity.AzureCliCredential();
    case "workload-identity":
      return new identity.WorkloadIdentityCredential();
    case "managed-identity":
      return new identity.ManagedIdentityCredential({ clientId: settings.clientId });
  }
}

function tokenFile(file: string): TokenCredential {
  return {
    getToken: async () => {
      try {
        // Read anew each time the client asks: whoever keeps the file renews it.
        return { token: (await readFile(file, "utf8")).trim(), expiresOnTimestamp: Date.now() + 5 * 60_000 };
      } catch (error) {
        throw new WavegateError("SETTINGS_INVALID", `the token file ${file} cannot be read`, {
          hint: "sign in again, or correct `credential` in the settings",
          cause: error,
        });
      }
    },
  };
}
