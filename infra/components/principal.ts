import * as pulumi from "@pulumi/pulumi";

/** Who a role is given to. */
export interface Principal {
  readonly principalId: pulumi.Input<string>;
  /**
   * Always set: without it Azure refuses a principal made in the same run, which the directory may not show yet, and
   * azure-native writes `User` for whoever it is.
   */
  readonly principalType: "User" | "Group" | "ServicePrincipal";
}

/** Built-in roles [Azure built-in roles: Storage]; the last one signs, and opens nothing that its holder could not open. */
export const STORAGE_ROLE = {
  blobDataReader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
  blobDataContributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  blobDelegator: "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
} as const;

/** Id of a role definition as assignments name it: by subscription, wherever the definition was made. */
export function roleDefinitionId(
  idInSubscription: pulumi.Input<string>,
  role: pulumi.Input<string>,
): pulumi.Output<string> {
  return pulumi.all([idInSubscription, role]).apply(([id, guid]) => {
    const [, , subscription] = id.split("/");
    return `/subscriptions/${subscription ?? ""}/providers/Microsoft.Authorization/roleDefinitions/${guid}`;
  });
}
