import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { greeting } from "../../../local/hub-command/greeting.ts";
import { startHub } from "../../../local/hub/hub.ts";
import { PROJECT } from "../../support/command-line.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { runNode, hubCommand, startHubProcess } from "./hub-process.ts";

let data: string;

beforeEach(async () => {
  data = join(await mkdtemp(join(tmpdir(), "hub-command-")), "hub");
});
afterEach(() => rm(dirname(data), { recursive: true }));

describe("the hub's command", () => {
  it("tells all problems of the input at once, each with the option and what to type", async () => {
    const { code, stdout, stderr } = await hubCommand(
      ...["--host", "::1", "--https-port", "70000", "--mqtt-port", "http", "--name", "a", "--tier", "S9"],
      ...["--units", "0", "--throttle", "no", "--daily-quota", "x", "--query-lag", "5", "--time-scale", "-1"],
      ...["--evaluation-interval", "0", "--restore", "../x", "--foo", "--data"],
    );
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^--foo is no option: `npm run hub -- --help` lists them$/),
      expect.stringMatching(/^--host takes an IPv4 address or a name .*, not "::1"$/),
      expect.stringMatching(/^--https-port takes a port from 1 to 65535, such as 443, .*, not "70000"$/),
      expect.stringMatching(/^--mqtt-port takes a port .* such as 8883, .*, not "http"$/),
      expect.stringMatching(/^--name takes 3 to 50 letters, .* such as myhub, not "a"$/),
      expect.stringMatching(/^--tier takes one of F1, S1, S2, S3, not "S9"$/),
      expect.stringMatching(/^--units takes a whole number from 1 to 200, such as 1, not "0"$/),
      expect.stringMatching(/^--data takes the path of a folder, .* not nothing$/),
      expect.stringMatching(/^--throttle takes one of off, shape, strict, not "no"$/),
      expect.stringMatching(/^--daily-quota takes one of on, off, not "x"$/),
      expect.stringMatching(/^--query-lag takes a time in ms, s, m or h, such as 30s, not "5"$/),
      expect.stringMatching(/^--evaluation-interval takes a time of at least 100 ms .* such as 5m, not "0"$/),
      expect.stringMatching(/^--time-scale takes a number over 0 .*, not "-1"$/),
      expect.stringMatching(/^--restore takes up to 64 letters, .*, not "\.\.\/x"$/),
    ]);
  });

  it("tells of ports that are the same beside other problems, unless one of them is a problem itself", async () => {
    const same = "--https-port and --mqtt-port are both 8883: type two different ones\n";
    const { stderr } = await hubCommand("--https-port", "8883", "--units", "0");
    expect(stderr).toContain("--units takes");
    expect(stderr).toContain(same);
    const misread = await hubCommand("--https-port", "https", "--mqtt-port", "8443");
    expect(misread.stderr.trimEnd().split("\n")).toEqual([expect.stringMatching(/^--https-port takes/)]);
  });

  it("has a help of 80 columns, but for the examples, that names every option and command", async () => {
    const { code, stdout } = await hubCommand("--help");
    expect(code).toBe(0);
    for (const word of ["--host", "--time-scale", "device", "snapshot", "restore", "Exit:", "Examples:"])
      expect(stdout).toContain(word);
    expect(stdout.split("\n").filter((line) => line.length > 80 && !line.startsWith("  $"))).toEqual([]);
  });

  it("refuses a command that it does not know, and half a command", async () => {
    expect(await hubCommand("snapshott", "x")).toMatchObject({ code: 1 });
    expect((await hubCommand("device")).stderr).toBe("device is half a command: type device create\n");
  });
});

describe("a hub in a process of its own", () => {
  it("ends cleanly: 0 by Ctrl-C, 143 by SIGTERM, with its temporary certificate gone", async () => {
    for (const [signal, code] of [
      ["SIGINT", 0],
      ["SIGTERM", 143],
    ] as const) {
      const hub = await startHubProcess(["--name", "myhub"]);
      expect(hub.said).toMatchObject({ name: "myhub.azure-devices.net", hostName: "localhost" });
      expect((await stat(hub.said.caFile)).mode & 0o777).toBe(0o644);
      await connectRegistry(hub.reachable).create({ deviceId: "d1" });
      expect(await hub.end(signal)).toBe(code);
      expect(existsSync(dirname(hub.said.caFile))).toBe(false);
      expect(hub.errors()).toBe("");
    }
  });

  it("shows no key in a pipe, says what the port means, and logs lines without keys", async () => {
    const { stdout, key, log } = await greetingOf(["--log"]);
    expect(stdout).toContain("SharedAccessKeyName=iothubowner;SharedAccessKey=***");
    expect(stdout).toContain("takes no :");
    expect(stdout).toContain("LOCAL_HUB_CONNECT_TO=");
    expect(stdout + log).not.toContain(key);
    expect(log).toContain('"event":"request"');
  });

  it("shows a terminal its key, in commands that work as they are shown", async () => {
    await using hub = await startHub();
    const caFile = join(dirname(data), "the ca.pem");
    await writeFile(caFile, hub.caPem);
    const text = greeting(hub, { caFile, data: undefined, showKeys: true });
    expect(text).toContain(hub.serviceConnectionString);
    expect(text).toContain("in memory alone");
    hub.createDevice({ deviceId: "d1" });
    const commands = text.split("\n").filter((line) => line.startsWith("    "));
    const shown = commands.filter((line) => !line.startsWith("     ")).join("\n");
    const shell = spawn("bash", ["-euc", shown], { cwd: PROJECT, stdio: ["ignore", "pipe", "inherit"] });
    expect(await readText(shell.stdout)).toContain("deviceId: 'd1'");
  });

  it("tells trouble in one line with what to do", async () => {
    await using hub = await startHubProcess(["--data", data]);
    const taken = String(hub.said.httpsPort);
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [
        ["--https-port", taken, "--mqtt-port", "0"],
        /^The hub cannot listen on 127\.0\.0\.1:\d+: .*--https-port/,
      ],
      [["--https-port", "0", "--mqtt-port", "0", "--data", data], /is in use by process \d+: stop that hub/],
      [["--https-port", "0", "--mqtt-port", "0", "--host", "203.0.113.1"], /no such address: give it one/],
      [["--https-port", "0", "--mqtt-port", "0", "--data", "package.json/x"], /^--data package\.json\/x: /],
    ];
    for (const [args, line] of cases) {
      const { code, stdout, stderr } = await hubCommand(...args);
      expect([code, stdout, stderr.trimEnd().split("\n").length]).toEqual([1, "", 1]);
      expect(stderr).toMatch(line);
    }
  });

  it("tells of a damaged folder which file, and changes nothing in it", async () => {
    await (await startHubProcess(["--data", data])).end("SIGTERM");
    for (const [file, text] of [
      ["hub.json", '{"schemaVersion":1,'],
      ["state/1.journal", "no journal\n"],
      ["ca-key.pem", undefined],
    ] as const) {
      const path = join(data, file);
      const before = await readFile(path, "utf8");
      if (text === undefined) await rm(path);
      else await writeFile(path, text);
      const { code, stderr } = await hubCommand("--data", data, "--https-port", "0", "--mqtt-port", "0");
      expect([code, stderr.trimEnd().split("\n").length]).toEqual([1, 1]);
      expect(stderr).toMatch(new RegExp(`${file.replaceAll(".", "\\.")}.*(?:copy|empty|another)`));
      await writeFile(path, before, { mode: 0o600 });
    }
    await (await startHubProcess(["--data", data])).end("SIGTERM");
  });

  it("belongs to the name of its folder", async () => {
    await (await startHubProcess(["--data", data, "--name", "myhub"])).end("SIGTERM");
    const ports = ["--https-port", "0", "--mqtt-port", "0"];
    const { code, stderr } = await hubCommand("--data", data, "--name", "other", ...ports);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^--name other: the folder .* belongs to myhub\.azure-devices\.net: leave --name out/,
    );
  });

  it("runs on its own clock, so many times as fast", async () => {
    await using hub = await startHubProcess(["--time-scale", "3600", "--first-run-delay", "10m"]);
    const registry = connectRegistry(hub.reachable);
    await registry.create({ deviceId: "d1" });
    const first = (await registry.getTwin("d1")).responseBody.properties.desired["$metadata"] as unknown;
    await registry.updateTwin("d1", { properties: { desired: { a: 1 } } }, "*");
    const second = (await registry.getTwin("d1")).responseBody.properties.desired["$metadata"] as unknown;
    // Some milliseconds of ours are seconds of its.
    expect(lastUpdated(second) - lastUpdated(first)).toBeGreaterThan(1000);
  });
});

describe("commands for a running hub", () => {
  it("find it by its folder: devices, snapshots, faults, evaluations", { timeout: 60_000 }, async () => {
    await using hub = await startHubProcess(["--data", data]);
    const registry = connectRegistry(hub.reachable);
    expect((await stat(join(data, "address.json"))).mode & 0o077).toBe(0);
    const tell = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await hubCommand(...args, "--data", data);
      expect([code, stderr]).toEqual([0, ""]);
      return stdout.trimEnd();
    };
    expect(await tell("connection-string")).toBe(hub.said.serviceConnectionString);
    const created = await tell("device", "create", "d1", "--tags", '{"site":"lab"}');
    const pattern = hub.said.deviceConnectionString.replace("<id>", "d1").split("<key>");
    expect([created.startsWith(pattern[0] ?? ""), created.endsWith(pattern[1] ?? "")]).toEqual([true, true]);
    expect((await registry.getTwin("d1")).responseBody.tags).toEqual({ site: "lab" });
    expect(await tell("snapshot", "before")).toMatch(/^saved before; .*restore before/);
    await registry.delete("d1");
    await tell("restore", "before");
    expect((await registry.getTwin("d1")).responseBody.tags).toEqual({ site: "lab" });
    expect(JSON.parse(await tell("snapshots", "--json"))).toEqual({ snapshots: ["before"] });
    expect(await tell("evaluate")).toBe("evaluated: 1 devices, 0 written");
    await tell("fault", "add", '{"match":{"call":"twinReads"},"kind":"status","status":503}');
    await expect(registry.getTwin("d1")).rejects.toThrow();
    await tell("fault", "clear");
    await registry.getTwin("d1");
    const refused = await hubCommand("restore", "after", "--data", data);
    expect(refused).toMatchObject({ code: 1, stdout: "", stderr: 'there is no snapshot "after"\n' });
    const twice = await hubCommand("device", "create", "d1", "--data", data);
    expect(twice).toMatchObject({ code: 1, stderr: "A device with ID 'd1' is already registered\n" });
    await hub.end("SIGTERM");
    // And begin with a snapshot.
    await using again = await startHubProcess(["--data", data, "--restore", "before"]);
    expect((await connectRegistry(again.reachable).getTwin("d1")).responseBody.tags).toEqual({ site: "lab" });
  });

  it("say what to do when none runs, also after one was killed", async () => {
    const none = `no hub runs on ${data}: start one with \`npm run hub -- --data ${data}\`, then type this again\n`;
    expect(await hubCommand("snapshot", "x", "--data", data)).toEqual({ code: 1, stdout: "", stderr: none });
    const hub = await startHubProcess(["--data", data]);
    await hub.end("SIGKILL");
    expect(existsSync(join(data, "address.json"))).toBe(true);
    expect(await hubCommand("evaluate", "--data", data)).toEqual({ code: 1, stdout: "", stderr: none });
    expect((await hubCommand("device", "create", "--tags", "5")).stderr.split("\n")).toEqual([
      expect.stringContaining("device create takes the id of a device"),
      expect.stringContaining("--tags takes a JSON object in quotes"),
      expect.stringContaining("--data takes the path of a folder"),
      "",
    ]);
  });
});

/** What a hub says to a pipe that is no program's, and to its log. */
async function greetingOf(args: readonly string[]): Promise<{ stdout: string; key: string; log: string }> {
  const port = await freePort();
  const program = `
    const { spawn } = require("node:child_process");
    const hub = spawn(process.execPath, ["local/hub-command.ts", ...${JSON.stringify(args)}, "--data", ${JSON.stringify(data)},
      "--https-port", "${port}", "--mqtt-port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
    hub.stdout.on("data", (text) => {
      process.stdout.write(text);
      if (!String(text).includes("Ctrl-C ends it.")) return;
      const call = require("node:https").get({ port: ${port}, path: "/devices?api-version=1", rejectUnauthorized: false });
      call.on("response", (answer) => answer.resume().on("end", () => hub.kill("SIGINT")));
    });
  `;
  const { stdout, stderr } = await runNode(["-e", program]);
  const identity = await readFile(join(data, "hub.json"), "utf8");
  const key = /"iothubowner primary key": "([^"]+)"/u.exec(identity)?.[1] ?? "";
  expect(key).not.toBe("");
  return { stdout, key, log: stderr };
}

async function freePort(): Promise<number> {
  const server = createServer();
  const address = await new Promise<ReturnType<typeof server.address>>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(server.address());
    });
  });
  await new Promise((resolve) => server.close(resolve));
  // A listening TCP server has one.
  return (address as { port: number }).port;
}

function lastUpdated(metadata: unknown): number {
  // As every section's metadata has it.
  return Date.parse((metadata as { $lastUpdated: string }).$lastUpdated);
}
