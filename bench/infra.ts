import { startLocalStack, type LocalStack } from "../test/support/pulumi/local-stack.ts";
import type { StackRun } from "../test/support/pulumi/test-stack.ts";
import { countFrom } from "./arguments.ts";
import { formatMs, type Figure } from "./figure.ts";

const DEVICES = 1000;
/** Resources of their own beside the set; a stack with more crawls, and is refused. */
const SINGLE = 200;
const MAIN = "test/fixtures/many-devices.ts";

/** What device identities cost as one set and as resources of their own: calls counted by the hub, time, state. */
export async function measure([count = String(DEVICES)]: readonly string[]): Promise<readonly Figure[]> {
  const devices = countFrom(count, "number of devices");
  return [
    ...(await measureStack({ devices, asSet: true })),
    ...(await measureStack({ devices: Math.min(devices, SINGLE), asSet: false })),
  ];
}

async function measureStack({
  devices,
  asSet,
}: {
  devices: number;
  asSet: boolean;
}): Promise<readonly Figure[]> {
  await using local = await startLocalStack({
    // S3: the registry's throttle of S1, 100 a minute, would be all that is measured.
    hub: { tier: "S3" },
    main: MAIN,
    configuration: { count: devices, asSet, stratum: "rev-a" },
  });
  const { hub, stack } = local;
  stack.configure({ "wavegate:hostName": `${hub.hostName}:${hub.httpsPort}` });
  const named = asSet ? `${devices} devices as one set` : `${devices} devices as ${devices} resources`;
  const preview = await timed(local, () => stack.preview());
  const up = await timed(local, () => stack.up());
  const again = await timed(local, () => stack.up());
  stack.configure({ "wavegate:stratum": "rev-b" });
  const changed = await timed(local, () => stack.up());
  const refresh = await timed(local, async () => {
    const { gone, drifted } = await stack.refresh();
    if (gone.length + drifted.length > 0) throw new Error("a refresh of what nobody touched found something");
    return undefined;
  });
  const own = [...stack.state.values()].filter(({ type }) => type.includes("wavegate:Device"));
  const text = JSON.stringify(own[0]?.inputs["__provider"]);
  const bytes = own.reduce((sum, resource) => sum + Buffer.byteLength(JSON.stringify(resource)), 0);
  const destroy = await timed(local, () => stack.destroy());
  const bulk = Math.ceil(devices / 100);
  return [
    { what: `${named}: preview`, measured: told(preview), ...(asSet ? { limit: "0 calls" } : {}) },
    { what: `${named}: up`, measured: told(up), ...(asSet ? { limit: `${bulk} bulk writes` } : {}) },
    { what: `${named}: up again`, measured: told(again), limit: "0 calls" },
    { what: `${named}: up, another stratum`, measured: told(changed) },
    { what: `${named}: refresh`, measured: told(refresh) },
    { what: `${named}: destroy`, measured: told(destroy) },
    {
      what: `${named}: state`,
      measured: `${(bytes / 1024).toFixed(0)} KB, ${(bytes / devices).toFixed(0)} bytes a device`,
    },
    {
      what: `${named}: provider's text`,
      measured: `${text.length} bytes, twice in each of ${own.length} resources`,
    },
  ];
}

interface Timed {
  readonly ms: number;
  readonly calls: Readonly<Record<"registry" | "twinReads" | "twinWrites", number>>;
}

async function timed({ hub }: LocalStack, act: () => Promise<StackRun | undefined>): Promise<Timed> {
  const before = hub.calls();
  const started = performance.now();
  const run = await act();
  const ms = performance.now() - started;
  if (run !== undefined && run.errors.length > 0) throw new Error(run.errors.join("\n"));
  const after = hub.calls();
  const { throttled } = after;
  if (throttled > before.throttled) throw new Error(`the hub refused ${throttled - before.throttled} calls`);
  return {
    ms,
    calls: {
      registry: after.registry - before.registry,
      twinReads: after.twinReads - before.twinReads,
      twinWrites: after.twinWrites - before.twinWrites,
    },
  };
}

function told({ ms, calls }: Timed): string {
  const { registry, twinReads, twinWrites } = calls;
  return `${formatMs(ms)}; ${registry} registry calls, ${twinReads} twin reads, ${twinWrites} twin writes`;
}
