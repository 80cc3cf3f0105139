import * as authorization from "@pulumi/azure-native/authorization/index.js";
import type * as pulumi from "@pulumi/pulumi";
import type { StackConfiguration } from "../stack-configuration.ts";
import type { BlobStore } from "./blob-store.ts";
import { dataActionsOf, DEVICE_CALLS } from "./hub-data-actions.ts";
import { hubRole } from "./hub-role.ts";
import type { IotHub } from "./iot-hub.ts";
import type { Principal } from "./principal.ts";

/** What the operator works with. */
export interface OperatorArgs {
  readonly resourceGroupId: pulumi.Input<string>;
  readonly hub: IotHub;
  readonly firmware: BlobStore;
  /** Absent: the person who runs Pulumi; a pipeline must be named, since only it knows that it is none. */
  readonly operator: StackConfiguration["operator"];
}

/** Let the operator register devices and store images, and no more: rollouts are another identity's. */
export function grantOperator(name: string, args: OperatorArgs): readonly pulumi.Resource[] {
  const { resourceGroupId, hub, firmware, operator } = args;
  const principal: Principal =
    operator === undefined
      ? { principalId: authorization.getClientConfigOutput().objectId, principalType: "User" }
      : { principalId: operator.objectId, principalType: operator.type };
  const role = hubRole(
    name,
    {
      purpose: "devices",
      description: "Registers devices and writes their tags; touches no configuration.",
      dataActions: dataActionsOf(DEVICE_CALLS),
      resourceGroupId,
      hubId: hub.id,
      hubName: hub.name,
      principal,
    },
    { parent: hub },
  );
  return [role, firmware.grant(name, "blobDataContributor", principal)];
}
