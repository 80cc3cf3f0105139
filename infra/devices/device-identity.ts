import * as pulumi from "@pulumi/pulumi";
import type { Properties } from "./device-provider.ts";
import type { DeviceDeclaration } from "./device-settings.ts";

/** What a `DeviceIdentity` is declared with: the settings of the device, and the hub. */
export type DeviceIdentityArgs = { readonly hostName: pulumi.Input<string> } & {
  readonly [Key in keyof DeviceDeclaration]: pulumi.Input<NonNullable<DeviceDeclaration[Key]>>;
};

const load = async () => (await import("wavegate/device-provider")).azureDeviceProvider;

/**
 * Everything Pulumi stores of the provider's code: it loads the implementation from this package when it is called.
 * Pulumi writes this text into the state of every device and caches it by instance, so there is one, and it is thin.
 */
const provider: pulumi.dynamic.ResourceProvider<Properties, Properties> = {
  check: async (olds, news) => (await load()).check(olds, news),
  diff: async (id, olds, news) => (await load()).diff(id, olds, news),
  create: async (inputs) => (await load()).create(inputs),
  read: async (id, state) => (await load()).read(id, state ?? {}),
  update: async (id, olds, news) => (await load()).update(id, olds, news),
  delete: async (id, state) => (await load()).delete(id, state),
};

/** A device in the hub's identity registry, with the twin tags that put it into its product, stratum, ring and bucket. */
export class DeviceIdentity extends pulumi.dynamic.Resource {
  declare readonly hostName: pulumi.Output<string>;
  declare readonly deviceId: pulumi.Output<string>;
  /** The device's bucket, which decides the percentage waves it falls into. */
  declare readonly bucket: pulumi.Output<number>;
  /** Whether the identity was there before the stack took it over. */
  declare readonly adopted: pulumi.Output<boolean>;

  constructor(name: string, args: DeviceIdentityArgs, options?: pulumi.CustomResourceOptions) {
    // Outputs that no input gives must be named for Pulumi to fill them.
    super(
      provider,
      name,
      { ...args, bucket: undefined, adopted: undefined },
      options,
      "wavegate",
      "DeviceIdentity",
    );
  }
}
