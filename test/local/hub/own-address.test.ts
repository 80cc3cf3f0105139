import { randomInt } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { PROJECT } from "../../support/command-line.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { runNode, startHubProcess, type HubProcess } from "./hub-process.ts";

const PROGRAM = join(import.meta.dirname, "stock-program.mjs");

/** Why this machine cannot have a hub on IoT Hub's own ports; undefined when it can. */
let obstacle: string | undefined;
let folder: string;

beforeAll(async () => {
  obstacle = await obstacleOf(anAddress());
  if (obstacle !== undefined) process.stdout.write(`hubs on port 443 are skipped: ${obstacle}\n`);
  folder = await mkdtemp(join(tmpdir(), "hub-address-"));
});
afterAll(() => rm(folder, { recursive: true }));

function skipWhereImpossible(context: TestContext): void {
  if (obstacle !== undefined) context.skip(`a hub on port 443 of a loopback address: ${obstacle}`);
}

describe("hubs on addresses of their own, on IoT Hub's ports", () => {
  it("serve stock programs, two at once, with nothing but NODE_EXTRA_CA_CERTS", async (context) => {
    skipWhereImpossible(context);
    await using first = await hubAt(anAddress(), "first");
    await using second = await hubAt(anAddress(), "second");
    const hubs = [first, second];
    const outcomes = await Promise.all(
      hubs.map(async (hub, index) => {
        const deviceId = `d${index}`;
        const { responseBody } = await connectRegistry(hub.reachable).create({ deviceId });
        const key = responseBody.authentication?.symmetricKey?.primaryKey ?? "";
        const device = hub.said.deviceConnectionString.replace("<id>", deviceId).replace("<key>", key);
        expect(hub.said.serviceConnectionString).toMatch(
          /^HostName=127\.[\d.]+;SharedAccessKeyName=iothubowner;/,
        );
        return runNode([PROGRAM, hub.said.serviceConnectionString, deviceId, device, "--ws"], {
          NODE_EXTRA_CA_CERTS: hub.said.caFile,
        });
      }),
    );
    for (const { stdout, stderr } of outcomes) {
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toEqual({ heard: { Mqtt: "Mqtt", MqttWs: "MqttWs" }, through: "MqttWs" });
    }
  });
});

describe("the quick start of docs/local-hub.md", () => {
  it("works as it is written", { timeout: 90_000 }, async (context) => {
    skipWhereImpossible(context);
    const commands = await quickStart();
    expect(commands.split("\n").length).toBeLessThanOrEqual(10);
    // An address and a folder of the test's own, since somebody may be at work with those of the text.
    const own = commands
      .replaceAll("127.0.0.2", anAddress())
      .replaceAll(".wavegate/myhub", join(folder, "quick start").replaceAll(" ", "-"));
    const atTheEnd = `trap 'kill %1; wait %1 || echo "hub: $?"' EXIT`;
    const shell = spawn("bash", ["-euo", "pipefail", "-c", `${atTheEnd}\n${own}`], {
      timeout: 60_000,
      cwd: PROJECT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
    });
    let [stdout, stderr] = ["", ""];
    shell.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    shell.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    await once(shell, "close");
    expect([shell.exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("the device has heard { color: 'blue', '$version': 2 }");
    expect(stdout).toContain("hub: 143");
  });
});

/** The first block of commands in the document. */
async function quickStart(): Promise<string> {
  const text = await readFile(join(PROJECT, "docs", "local-hub.md"), "utf8");
  return /```sh\n(.*?)\n```/su.exec(text)?.[1] ?? "";
}

function hubAt(host: string, name: string): Promise<HubProcess> {
  return startHubProcess(["--host", host, "--https-port", "443", "--mqtt-port", "8883", "--name", name]);
}

/** All of 127.0.0.0/8 is this machine on Linux, so that tests need not agree on who has 127.0.0.2. */
function anAddress(): string {
  return `127.${randomInt(1, 255)}.${randomInt(255)}.${randomInt(1, 255)}`;
}

async function obstacleOf(host: string): Promise<string | undefined> {
  const server = createServer();
  const error = await new Promise<unknown>((resolve) => {
    server.once("error", resolve).listen(443, host, () => {
      server.close(resolve);
    });
  });
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : error.message;
  if (code === "EACCES") return "this user may not listen below port 1024 (EACCES)";
  return code === "EADDRNOTAVAIL" ? "this system has 127.0.0.1 alone (EADDRNOTAVAIL)" : code;
}
