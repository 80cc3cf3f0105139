import * as authorization from "@pulumi/azure-native/authorization/index.js";
import * as pulumi from "@pulumi/pulumi";
import { roleDefinitionId, type Principal } from "./principal.ts";

/** A custom role on one hub, and who has it. */
export interface HubRoleArgs {
  /** What the role is for: the first part of its name, which must be unique in the directory. */
  readonly purpose: string;
  readonly description: string;
  readonly dataActions: string[];
  readonly resourceGroupId: pulumi.Input<string>;
  readonly hubId: pulumi.Input<string>;
  readonly hubName: pulumi.Input<string>;
  readonly principal: Principal;
}

/**
 * Give a principal exactly these data actions on one hub. No built-in role fits: Registry Contributor and Twin
 * Contributor lack configurations, Data Contributor has direct methods and everything else as well.
 */
export function hubRole(
  name: string,
  args: HubRoleArgs,
  options: pulumi.CustomResourceOptions,
): authorization.RoleAssignment {
  const { purpose, description, dataActions, resourceGroupId, hubId, hubName, principal } = args;
  const definition = new authorization.RoleDefinition(
    name,
    {
      // A role cannot be defined on a resource; its group is the narrowest scope there is.
      scope: resourceGroupId,
      assignableScopes: [resourceGroupId],
      roleName: pulumi.interpolate`wavegate ${purpose} on ${hubName}`,
      roleType: "CustomRole",
      description,
      permissions: [{ actions: [], notActions: [], dataActions, notDataActions: [] }],
    },
    options,
  );
  return new authorization.RoleAssignment(
    name,
    {
      ...principal,
      scope: hubId,
      roleDefinitionId: roleDefinitionId(resourceGroupId, definition.name),
      description,
    },
    options,
  );
}
