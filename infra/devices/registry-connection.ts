import azureIothub from "azure-iothub";

/** Microsoft's service client for one hub. */
export type Registry = InstanceType<typeof azureIothub.Registry>;

/** How the provider reaches a hub's registry; called for each operation, so that no token outlives one. */
export type ConnectRegistry = (hostName: string) => Promise<Registry>;

/**
 * Connect as whoever runs Pulumi: the federated workload of a pipeline where there is one, else the Azure CLI's
 * sign-in. Named outright, so that a build machine's own identity never wins.
 */
export const connectByEntra: ConnectRegistry = async (hostName) => {
  // A third of a second to load, and checks and previews never connect.
  const { AzureCliCredential, ChainedTokenCredential, WorkloadIdentityCredential } =
    await import("@azure/identity");
  // The variable that marks a federated workload [@azure/identity: WorkloadIdentityCredential].
  const workload =
    process.env["AZURE_FEDERATED_TOKEN_FILE"] === undefined ? [] : [new WorkloadIdentityCredential()];
  const credential = new ChainedTokenCredential(...workload, new AzureCliCredential());
  return azureIothub.Registry.fromTokenCredential(hostName, credential);
};
