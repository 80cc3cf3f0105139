import { z } from "zod";

/** Schema of how to sign in to Azure, by name. */
export const credentialSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("azure-cli").describe("As `az login` left it; in a pipeline its sign-in."),
    }),
    z.strictObject({
      kind: z
        .literal("workload-identity")
        .describe("By the federated token of the pod or pipeline it runs in."),
    }),
    z.strictObject({
      kind: z
        .literal("managed-identity")
        .describe("By the identity attached to the machine it runs on, in Azure."),
      clientId: z.string().describe("Which of the machine's identities."),
    }),
    z.strictObject({
      kind: z
        .literal("token-file")
        .describe("By a token in a file, read anew for each call; for a local hub."),
      file: z.string().describe("The file; from the settings file's folder."),
    }),
  ])
  .describe("How to sign in to Azure; it names no secret.");
