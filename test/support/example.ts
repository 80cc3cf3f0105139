import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { headOf } from "../../rollout/model/labels.ts";
import type { FirmwareDesired, FirmwareReported } from "../../rollout/model/twin-contract.ts";
import { connectRegistry, type Registry } from "../../rollout/adapters/registry.ts";
import { PROJECT, start } from "./command-line.ts";

/** An example whose story is over, and whose hubs are still there to be asked. */
export interface PlayedExample extends AsyncDisposable {
  readonly lines: readonly string[];
  /** Folder of all that it wrote. */
  readonly folder: string;
  /** In the order of the settings, as Microsoft's service SDK sees them. */
  readonly hubs: readonly AskedHub[];
}

/** What a hub itself says. */
export interface AskedHub {
  readonly firmware: () => Promise<readonly TwinFirmware[]>;
  /** Target conditions by the configurations' ids. */
  readonly conditions: () => Promise<Readonly<Record<string, string>>>;
  /** Name of the head record of a product. */
  readonly head: (product: string) => Promise<string | undefined>;
}

/** What stands in a twin. */
export interface TwinFirmware {
  readonly deviceId: string;
  readonly desired: Partial<FirmwareDesired>;
  readonly reported: Partial<FirmwareReported>;
}

/** A row of `SELECT * FROM devices` [IoT Hub: query language]. */
interface TwinRow {
  readonly deviceId: string;
  readonly properties: Record<"desired" | "reported", { readonly firmware?: object }>;
}

interface NamedHub {
  readonly connectionString: string;
  readonly caFile: string;
}

/** Play an example in a process of its own to the end of its story, in which everything has to be true. */
export async function playExample(name: string): Promise<PlayedExample> {
  const folder = join(PROJECT, ".wavegate", `example-${name}`);
  const played = start([join("examples", name, "start.ts"), "--stay"]);
  const ending = await played.until(/^(All \d+ claims were true|Not all of it was true), in/);
  const end = async (): Promise<void> => {
    played.interrupt();
    // The exit code says what the last line did.
    expect(await played.ended, played.lines.join("\n")).toBe(ending.startsWith("All") ? 0 : 1);
    await rm(folder, { recursive: true, force: true });
  };
  await using stack = new AsyncDisposableStack();
  stack.defer(end);
  process.stdout.write(`${name}: ${ending}\n`);
  expect(ending, played.lines.join("\n")).toMatch(/^All/);
  const file = join(folder, "settings.json");
  const { hub, otherHubs = [] } = JSON.parse(await readFile(file, "utf8")) as {
    readonly hub: NamedHub;
    readonly otherHubs?: readonly NamedHub[];
  };
  const hubs = await Promise.all(
    [hub, ...otherHubs].map(async ({ connectionString, caFile }) => {
      const ca = await readFile(join(folder, caFile), "utf8");
      return askedHub(connectRegistry({ kind: "connection string", connectionString, ca }));
    }),
  );
  const lasting = stack.move();
  return { lines: played.lines, folder, hubs, [Symbol.asyncDispose]: () => lasting.disposeAsync() };
}

function askedHub(registry: Registry): AskedHub {
  const configurations = async (): Promise<
    readonly { readonly id: string; readonly targetCondition?: string; readonly labels?: object }[]
  > => (await registry.getConfigurations()).responseBody;
  return {
    async firmware() {
      const found: TwinFirmware[] = [];
      const pages = registry.createQuery("SELECT * FROM devices");
      do {
        const page = await pages.next(pages.continuationToken);
        for (const { deviceId, properties } of page.result as readonly TwinRow[])
          found.push({
            deviceId,
            desired: properties.desired.firmware ?? {},
            reported: properties.reported.firmware ?? {},
          });
      } while (pages.hasMoreResults);
      return found;
    },
    conditions: async () =>
      Object.fromEntries(
        (await configurations()).map(({ id, targetCondition }) => [id, targetCondition ?? ""]),
      ),
    head: async (product) => {
      const ref = (await configurations()).find(({ id }) => id === `wg--${product}`);
      return headOf({ ...ref?.labels });
    },
  };
}
