import * as authorization from "@pulumi/azure-native/authorization/index.js";
import * as pulumi from "@pulumi/pulumi";
import { roleDefinitionId, type Principal } from "./principal.ts";

/** A custom role on one hub, or on the service that provisions its devices. */
export interface HubRoleArgs {
  /** What the role is for: the first part of its name, which must be unique in the directory. */
  readonly purpose: string;
  readonly description: string;
  readonly dataActions: string[];
  readonly resourceGroupId: pulumi.Input<string>;
  readonly hub: { readonly id: pulumi.Output<string>; readonly name: pulumi.Output<string> };
}

/**
 * Exactly these data actions, on one hub or one service. No built-in role fits: Registry Contributor and Twin Contributor lack
 * configurations, Data Contributor has direct methods and everything else as well.
 */
export class HubRole extends pulumi.ComponentResource {
  readonly #id: pulumi.Output<string>;
  readonly #hub: HubRoleArgs["hub"];
  readonly #description: string;

  constructor(name: string, args: HubRoleArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:HubRole", name, {}, options);
    const { purpose, description, dataActions, resourceGroupId, hub } = args;
    const definition = new authorization.RoleDefinition(
      name,
      {
        // A role cannot be defined on a resource; its group is the narrowest scope there is.
        scope: resourceGroupId,
        assignableScopes: [resourceGroupId],
        roleName: pulumi.interpolate`wavegate ${purpose} on ${hub.name}`,
        roleType: "CustomRole",
        description,
        permissions: [{ actions: [], notActions: [], dataActions, notDataActions: [] }],
      },
      { parent: this },
    );
    this.#id = roleDefinitionId(resourceGroupId, definition.name);
    this.#hub = hub;
    this.#description = description;
    this.registerOutputs({});
  }

  /** Give the role to a principal. */
  grant(to: string, principal: Principal): authorization.RoleAssignment {
    return new authorization.RoleAssignment(
      to,
      { ...principal, scope: this.#hub.id, roleDefinitionId: this.#id, description: this.#description },
      { parent: this },
    );
  }
}
