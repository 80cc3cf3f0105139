import { z } from "zod";

/** Schema of how to sign in to Azure, by name. */
export const credentialSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("azure-cli") }),
  z.strictObject({ kind: z.literal("workload-identity") }),
  z.strictObject({ kind: z.literal("managed-identity"), clientId: z.string() }),
  z.strictObject({ kind: z.literal("token-file"), file: z.string() }),
]);
