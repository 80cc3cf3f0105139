import { beforeAll, describe, expect, it } from "vitest";
import type { ProgramRun } from "./mocked-program.ts";
import { runProgram, theResource } from "./program-run.ts";
import { readProject, readStack } from "./stack-file.ts";

const HUB = "azure-native:iothub:IotHubResource";
const ACCOUNT = "azure-native:storage:StorageAccount";
const ASSIGNMENT = "azure-native:authorization:RoleAssignment";
const FEDERATION = "azure-native:managedidentity:FederatedIdentityCredential";
const DEVICE = "pulumi-nodejs:dynamic/wavegate:DeviceIdentity";
const GROUP = "pulumi-nodejs:dynamic/wavegate:EnrollmentGroup";

let dev: ProgramRun;

beforeAll(async () => {
  dev = await runProgram(await readStack("dev"));
});

describe("the program of the stack dev, from its files", () => {
  it("runs as the project says: TypeScript by Node itself, from infra/index.ts", async () => {
    expect(await readProject()).toMatchObject({
      name: "wavegate",
      main: "infra/index.ts",
      runtime: { name: "nodejs", options: { typescript: false, packagemanager: "npm" } },
    });
  });

  it("works as it is, and can be destroyed", () => {
    expect(dev.error).toBeUndefined();
    expect(dev.resources.filter(({ protect }) => protect)).toEqual([]);
    expect(theResource(dev, ACCOUNT, "records").inputs["sku"]).toEqual({ name: "Standard_LRS" });
  });

  it("registers one device, after its operator may", () => {
    const device = theResource(dev, DEVICE, "thermostat-dev-1");
    expect(device.inputs).toMatchObject({
      hostName: "hub-of-azure.azure-devices.net",
      deviceId: "thermostat-dev-1",
      product: "thermostat",
      stratum: "rev-a",
      ring: "canary",
      authentication: { type: "sas" },
    });
    expect(device.dependsOn).toContain(`wavegate:infra:HubRole$${ASSIGNMENT}::operator`);
    expect(theResource(dev, HUB, "hub").inputs["properties"]).toMatchObject({
      disableLocalAuth: true,
      disableDeviceSAS: false,
    });
    expect(dev.outputs["deviceBuckets"]).toEqual({ "thermostat-dev-1": 7 });
  });

  it("stores less than 2.5 KB of provider code with a device, none of it ours", () => {
    const text = String(theResource(dev, DEVICE, "thermostat-dev-1").inputs["__provider"]);
    expect(text.length).toBeLessThan(2_560);
    expect(text).toContain('import("wavegate/device-provider")');
    expect(text).not.toMatch(/registry|zod|require\(/i);
  });
});

describe("the example of a strict stack", () => {
  it("works as it is, protected and watched", async () => {
    const strictest = await runProgram(await readStack("prod", "Pulumi.prod.yaml.example"));
    expect(strictest.error).toBeUndefined();
    expect(theResource(strictest, HUB, "hub")).toMatchObject({ protect: true });
    expect(strictest.resources.filter(({ type }) => type === FEDERATION)).toHaveLength(3);
    expect(strictest.resources.filter(({ type }) => type === GROUP)).toHaveLength(1);
  });
});
