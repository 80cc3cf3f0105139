import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../../../../rollout/cli/main.ts";
import { startNumberService, type NumberService } from "../../../support/number-service.ts";
import { receive, WEBHOOK_KEY } from "../../adapters/notify/strict-receivers.ts";

let folder: string;
let service: NumberService;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-notify-test-"));
  service = await startNumberService((asked) =>
    receive(asked.path.startsWith("/slack") ? "slack" : "webhook", asked),
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await service[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function run(
  notify: unknown,
  ...args: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  const file = join(folder, "settings.json");
  const settings = {
    schemaVersion: 1,
    hub: { name: "nowhere", hostName: "localhost:1", credential: { kind: "azure-cli" } },
    images: { base: "https://localhost:1/firmware", credential: { kind: "azure-cli" } },
    records: { folder: "records" },
    declarations: { fleet: "fleet.ts", releases: "releases" },
    notify,
  };
  await writeFile(file, JSON.stringify(settings));
  const written = { out: "", err: "" };
  const spies = (
    [
      ["stdout", "out"],
      ["stderr", "err"],
    ] as const
  ).map(([stream, name]) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  vi.stubEnv("WAVEGATE_SETTINGS", file);
  try {
    return { code: await main(["notify", "test", ...args]), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Two channels; the places stand beside the settings. */
async function channels(): Promise<unknown> {
  await writeFile(join(folder, "slack"), `${service.url}/slack/very-secret\n`);
  await writeFile(join(folder, "key"), WEBHOOK_KEY);
  return {
    channels: [
      { kind: "slack", name: "team", url: { file: "slack" }, on: ["abort"], products: ["boiler"] },
      { kind: "webhook", name: "program", url: `${service.url}/program`, secret: { file: "key" } },
    ],
  };
}

describe("wavegate notify test", () => {
  it("sends every channel one message that says that it is a test", async () => {
    expect(await run(await channels())).toEqual({
      code: 0,
      out: "team: took the test message\nprogram: took the test message\n",
      err: "",
    });
    expect(service.asked.map(({ body }) => body.includes("Nothing happened to any device."))).toEqual([
      true,
      true,
    ]);
  });

  it("ends in 1 with the receiver's answer, and without the address, when one does not take it", async () => {
    service.say = () => ({ status: 404, body: "no_service" });
    const { code, out } = await run(await channels(), "team");
    expect(code).toBe(1);
    expect(out).toMatch(
      /^team: NOTIFY_FAILED: 127\.0\.0\.1:\d+ answered with 404: no_service\n {2}next: its address is no/,
    );
    expect(out).not.toContain("very-secret");
  });

  it("knows which channel was meant", async () => {
    const { code, err } = await run(await channels(), "taem");
    expect(code).toBe(1);
    expect(err).toContain('there is no channel "taem"\n  next: did you mean "team"?');
  });

  it.each<[string, unknown, string]>([
    [
      "an address of Slack in the settings",
      { kind: "slack", name: "a", url: "https://hooks.slack.com/x" },
      "where the address is",
    ],
    [
      "a webhook without a secret",
      { kind: "webhook", name: "a", url: "https://example.com/x" },
      "where the signing secret is",
    ],
    [
      "an address without TLS",
      { kind: "grafana", name: "a", url: "http://grafana.example.com", token: { file: "t" } },
      "only this machine",
    ],
    [
      "a kind of notice that there is not",
      { kind: "slack", name: "a", url: { file: "s" }, on: ["stop"] },
      "Invalid option",
    ],
  ])("refuses %s", async (_, channel, words) => {
    const { code, err } = await run({ channels: [channel] });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(words) as string });
  });

  it("refuses two channels of one name, and a link with an unknown placeholder", async () => {
    const slack = { kind: "slack", name: "a", url: { file: "s" } };
    expect((await run({ channels: [slack, slack] })).err).toContain('another channel is called "a" too');
    expect((await run({ link: "https://x.example/{{wave}}", channels: [slack] })).err).toContain(
      "placeholders are {{product}}",
    );
  });
});
