import * as pulumi from "@pulumi/pulumi";
import type { BlobStore } from "./blob-store.ts";
import { dataActionsOf, IDENTITIES_CALLS, PREVIEW_CALLS, ROLLOUT_CALLS } from "./hub-data-actions.ts";
import { HubRole } from "./hub-role.ts";
import type { IotHub } from "./iot-hub.ts";
import type { Principal } from "./principal.ts";
import type { WorkloadIdentity } from "./workload-identity.ts";

/** Who works with what. */
export interface AccessArgs {
  readonly resourceGroupId: pulumi.Input<string>;
  readonly hub: IotHub;
  readonly firmware: BlobStore;
  readonly records: BlobStore;
  /** Whether devices open images with keys that the rollout signs. */
  readonly onDemand: boolean;
  /** Moves configurations and writes records; registers no device and stores no image. */
  readonly rollout: WorkloadIdentity;
  /** Registers and stamps devices; changes no configuration, and touches no image and no record. */
  readonly identities: WorkloadIdentity;
  /** Reads what a plan needs; writes nothing. */
  readonly preview: WorkloadIdentity;
  /** The person or pipeline that runs Pulumi: registers devices and stores images. */
  readonly operator: Principal;
}

/** Every role of the environment, each no wider than one hub or one container; signing is by account. */
export class Access extends pulumi.ComponentResource {
  /** What must stand before the operator registers the first device. */
  readonly forDevices: readonly pulumi.Resource[];

  constructor(name: string, args: AccessArgs, options?: pulumi.ComponentResourceOptions) {
    super("wavegate:infra:Access", name, {}, options);
    const { resourceGroupId, hub, firmware, records, onDemand } = args;
    const { rollout, identities, preview, operator } = args;
    const onHub = { resourceGroupId, hub };
    const child = { parent: this };

    const moving = new HubRole(
      "rollout",
      {
        ...onHub,
        purpose: "rollout",
        description: "Reads and writes configurations and counts devices; touches no device.",
        dataActions: dataActionsOf(ROLLOUT_CALLS),
      },
      child,
    );
    moving.grant("rollout", rollout.principal);
    // It checks that an image is the declared one, and cannot replace it.
    firmware.grant("rollout", "blobDataReader", rollout.principal);
    if (onDemand) firmware.letDelegate("rollout", rollout.principal);
    records.grant("rollout", "blobDataContributor", rollout.principal);

    const looking = new HubRole(
      "preview",
      {
        ...onHub,
        purpose: "preview",
        description: "Reads configurations and counts devices; writes nothing.",
        dataActions: dataActionsOf(PREVIEW_CALLS),
      },
      child,
    );
    looking.grant("preview", preview.principal);
    firmware.grant("preview", "blobDataReader", preview.principal);
    records.grant("preview", "blobDataReader", preview.principal);

    const registering = new HubRole(
      "devices",
      {
        ...onHub,
        purpose: "devices",
        description: "Registers devices and writes their tags; changes no configuration.",
        dataActions: dataActionsOf(...IDENTITIES_CALLS),
      },
      child,
    );
    registering.grant("identities", identities.principal);
    this.forDevices = [
      registering.grant("operator", operator),
      firmware.grant("operator", "blobDataContributor", operator),
    ];
    this.registerOutputs({});
  }
}
