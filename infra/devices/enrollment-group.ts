import * as pulumi from "@pulumi/pulumi";
import type { EnrollmentGroupDeclaration } from "./enrollment-group-settings.ts";
import { thinProvider } from "./thin-provider.ts";

/** What an `EnrollmentGroup` is declared with: its settings, and the Device Provisioning Service. */
export type EnrollmentGroupArgs = { readonly dpsHostName: pulumi.Input<string> } & {
  readonly [Key in keyof EnrollmentGroupDeclaration]: pulumi.Input<
    NonNullable<EnrollmentGroupDeclaration[Key]>
  >;
};

const provider = thinProvider(
  async () => (await import("wavegate/enrollment-group-provider")).azureEnrollmentGroupProvider,
);

/**
 * A group by which devices register themselves, with the tags that put them into a product, stratum and ring. It has no
 * bucket: that is each device's own.
 */
export class EnrollmentGroup extends pulumi.dynamic.Resource {
  declare readonly dpsHostName: pulumi.Output<string>;
  declare readonly enrollmentGroupId: pulumi.Output<string>;

  constructor(name: string, args: EnrollmentGroupArgs, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args }, options, "wavegate", "EnrollmentGroup");
  }
}
