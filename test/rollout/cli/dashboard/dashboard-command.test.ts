import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Context } from "../../../../rollout/cli/command.ts";
import { dashboard } from "../../../../rollout/cli/commands/dashboard.ts";
import type { Session } from "../../../../rollout/cli/session.ts";
import { PROJECT } from "../../../support/command-line.ts";
import { aWorld } from "../../reconcile/in-canary.ts";

// Within the project, so that what is declared finds "wavegate".
const folder = join(PROJECT, ".wavegate", "dashboard-command-test");
const places = { fleet: join(folder, "fleet.ts"), releases: join(folder, "releases") };

beforeAll(() => mkdir(places.releases, { recursive: true }));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function declare(...products: readonly string[]): Promise<void> {
  const text = `export default { products: { ${products.map((name) => `${name}: {}`).join(", ")} } };`;
  await writeFile(places.fleet, text);
}

describe("wavegate dashboard --allow-actions", () => {
  it("acts by what is declared now, not when it was started", async () => {
    const { ports, hub } = aWorld();
    const session = {
      settings: {
        declarations: places,
        queryLag: 0,
        lookEvery: 60_000,
        hub: { name: "memory", tier: "S1", units: 1 },
        otherHubs: [],
      },
      ...{ hubs: [hub], records: ports.records, images: ports.images, clock: ports.clock, actor: "ada" },
    } as unknown as Session; // The rest of a session is for other commands.
    const end = new AbortController();
    const told = Promise.withResolvers<string>();
    await declare("thermostat");
    const running = dashboard.run(
      {
        session: () => Promise.resolve(session),
        output: told.resolve,
        ...{ folder, json: true, signal: end.signal },
      } as unknown as Context,
      { args: [], options: { port: "0", allowActions: true } },
    );
    const { origin, hash } = new URL((JSON.parse(await told.promise) as { readonly url: string }).url);
    const codeOfClick = async (product: string): Promise<string | undefined> => {
      const answer = await fetch(`${origin}/api/products/${product}/resume`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${hash.replace("#token=", "")}`,
          "x-wavegate": "1",
          "content-type": "application/json",
        },
        body: JSON.stringify({ reason: "x" }),
      });
      return ((await answer.json()) as { readonly error?: { readonly code: string } }).error?.code;
    };
    expect(await codeOfClick("boiler")).toBe("UNKNOWN_PRODUCT");
    await declare("thermostat", "boiler");
    expect(await codeOfClick("boiler")).toBe("NOTHING_TO_STOP");
    end.abort();
    expect((await running).exitCode).toBe(0);
  });
});
