import * as pulumi from "@pulumi/pulumi";

/** Settings of the hub that are decided when it is made. */
export interface FrozenSettingsArgs {
  readonly hubPartitions: number;
  /** The free edition cannot become a paid one, nor the other way round [IoT Hub: scaling]. */
  readonly edition: "free" | "paid";
}

/**
 * Only `check` does anything, and it must name nothing outside itself: Pulumi stores its text. It is the one place that
 * sees what a stack was made with, before anything is changed, in a preview too.
 */
const provider: pulumi.dynamic.ResourceProvider = {
  // Pulumi's interface gives what was and what is to be no type.
  check: (olds: Partial<FrozenSettingsArgs> | undefined, news: FrozenSettingsArgs) => {
    const failures: { property: string; reason: string }[] = [];
    const why = "fixed when the hub was made; or make another stack: pulumi stack init";
    const { hubPartitions = news.hubPartitions, edition = news.edition } = olds ?? {};
    if (hubPartitions !== news.hubPartitions) {
      const reason = `wavegate:hubPartitions: ${hubPartitions} cannot become ${news.hubPartitions}: pulumi config set hubPartitions ${hubPartitions} (${why})`;
      failures.push({ property: "hubPartitions", reason });
    }
    if (edition !== news.edition) {
      const tier = edition === "free" ? "F1" : "S1";
      const reason = `wavegate:hubTier: a ${edition} hub cannot become a ${news.edition} one: pulumi config set hubTier ${tier} (${why})`;
      failures.push({ property: "edition", reason });
    }
    return Promise.resolve({ inputs: news, failures });
  },
  diff: () => Promise.resolve({ changes: false }),
  create: (inputs: unknown) => Promise.resolve({ id: "frozen", outs: inputs }),
};

/** Remembers what the hub was made with and refuses another value, instead of a new hub that knows no device. */
export class FrozenSettings extends pulumi.dynamic.Resource {
  constructor(name: string, args: FrozenSettingsArgs, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args }, options, "wavegate", "FrozenSettings");
  }
}
