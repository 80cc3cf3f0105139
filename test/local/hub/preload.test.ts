import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PROJECT } from "../../support/command-line.ts";
import { connectRegistry } from "../../support/iot-hub-registry.ts";
import { runNode, startHubProcess, type HubProcess } from "./hub-process.ts";

const PROGRAM = join(import.meta.dirname, "stock-program.mjs");
const PRELOAD = join(PROJECT, "local", "hub", "preload.cjs");

/** A device's connection string as Azure's portal shows it: without a gateway. */
async function aDevice(hub: HubProcess, deviceId: string): Promise<string> {
  const { responseBody } = await connectRegistry(hub.reachable).create({ deviceId });
  const key = responseBody.authentication?.symmetricKey?.primaryKey ?? "";
  return hub.said.preload.deviceConnectionString.replace("<id>", deviceId).replace("<key>", key);
}

describe("the preload", () => {
  it("brings stock programs to a hub on other ports, by connection strings alone", async () => {
    await using hub = await startHubProcess(["--name", "myhub"]);
    const connectionString = await aDevice(hub, "d1");
    expect(connectionString).toMatch(
      /^HostName=myhub\.azure-devices\.net;DeviceId=d1;SharedAccessKey=[^;]+$/,
    );
    const args = [PROGRAM, hub.said.preload.serviceConnectionString, "d1", connectionString, "--ws"];
    const { code, stdout, stderr } = await runNode(args, {
      NODE_EXTRA_CA_CERTS: hub.said.caFile,
      ...hub.said.preload.environment,
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({
      heard: { Mqtt: "Mqtt", MqttWs: "MqttWs" },
      through: "MqttWs",
    });
  });

  it("leaves other names, ports and ways of connecting alone, and checks the name it was asked for", async () => {
    await using hub = await startHubProcess(["--name", "myhub"]);
    const { httpsPort } = hub.said;
    const program = `
      import https from "node:https";
      import { connect } from "node:tls";
      const outcome = (socket) => new Promise((resolve) =>
        socket.once("secureConnect", () => resolve(socket.getPeerCertificate().subject.CN + " for " + socket.servername))
          .once("error", (error) => resolve(error.code)));
      const get = (url) => new Promise((resolve) =>
        https.get(url, (answer) => resolve(answer.statusCode)).once("error", (error) => resolve(error.code)));
      console.log(JSON.stringify([
        await outcome(connect({ host: "MyHub.azure-devices.net", port: "8883" })),
        await outcome(connect(443, "myhub.azure-devices.net")),
        await outcome(connect(443, "myhub.azure-devices.net", {}, () => undefined)),
        await get("https://myhub.azure-devices.net/healthz"),
        (await fetch("https://myhub.azure-devices.net/healthz")).status,
        // Certified for other names: taken there, refused there.
        await outcome(connect(443, "other.azure-devices.net")),
        // Not mapped.
        await get("https://localhost:${httpsPort}/healthz"),
        await outcome(connect(8884, "myhub.azure-devices.net.invalid")),
      ]));
      process.exit();
    `;
    const to = (port: number): string => `127.0.0.1:${port}`;
    const { stdout, stderr } = await runNode(["--input-type=module", "-e", program], {
      NODE_EXTRA_CA_CERTS: hub.said.caFile,
      NODE_OPTIONS: `--require ${PRELOAD}`,
      LOCAL_HUB_CONNECT_TO: [
        `myhub.azure-devices.net:443=${to(httpsPort)}`,
        `myhub.azure-devices.net:8883=${to(hub.said.mqttPort)}`,
        ` other.azure-devices.net:443=${to(httpsPort)}`,
      ].join(","),
    });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual([
      "myhub.azure-devices.net for MyHub.azure-devices.net",
      "myhub.azure-devices.net for myhub.azure-devices.net",
      "myhub.azure-devices.net for myhub.azure-devices.net",
      200,
      200,
      "ERR_TLS_CERT_ALTNAME_INVALID",
      200,
      "ENOTFOUND",
    ]);
  });

  it("does nothing without its variable, and says what is wrong with a bad one", async () => {
    const program = ["-e", "console.log(require('node:tls').connect.name)"];
    const options = { NODE_OPTIONS: `--require ${PRELOAD}` };
    expect((await runNode(program, { ...options, LOCAL_HUB_CONNECT_TO: "" })).stdout).toBe("connect\n");
    const bad = await runNode(program, { ...options, LOCAL_HUB_CONNECT_TO: "myhub.azure-devices.net=8443" });
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain(
      '"myhub.azure-devices.net=8443" is not name:port=address:port, such as myhub',
    );
  });
});
