/**
 * A program as anybody would write it for IoT Hub: connection strings and Microsoft's SDKs, nothing else. Registers
 * nothing; reads a twin, patches it, and prints as JSON what a device heard of it over each transport.
 *
 *   node stock-program.mjs SERVICE_CONNECTION_STRING DEVICE_ID DEVICE_CONNECTION_STRING [--ws]
 */
import device from "azure-iot-device";
import transports from "azure-iot-device-mqtt";
import iothub from "azure-iothub";

const [service, deviceId, connectionString, webSockets] = process.argv.slice(2);
const registry = iothub.Registry.fromConnectionString(service);
const heard = {};
for (const [name, transport] of Object.entries({
  Mqtt: transports.Mqtt,
  ...(webSockets ? { MqttWs: transports.MqttWs } : {}),
})) {
  const client = device.Client.fromConnectionString(connectionString, transport);
  await client.open();
  const twin = await client.getTwin();
  const told = new Promise((resolve) => {
    twin.on("properties.desired", (delta) => {
      if (delta.through === name) resolve(delta.through);
    });
  });
  // Answered after the subscription was.
  await new Promise((resolve, reject) => twin.get((error) => (error ? reject(error) : resolve())));
  await registry.updateTwin(deviceId, { properties: { desired: { through: name } } }, "*");
  heard[name] = await told;
  await client.close();
}
const { responseBody } = await registry.getTwin(deviceId);
console.log(JSON.stringify({ heard, through: responseBody.properties.desired.through }));
