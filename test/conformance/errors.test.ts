import { expect } from "vitest";
import { refusal, stored } from "../support/service-answer.ts";
import { aConfiguration } from "./a-configuration.ts";
import { describeArea } from "./area.ts";
import type { HubUnderTest } from "./hub-under-test.ts";

const TRACKING = expect.stringMatching(
  /^Tracking ID:[0-9a-f]{32}-G:\d+-TimeStamp:\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d/u,
) as string;

/** A refused request, and the status, name and class [facts 4.2] it is refused with. */
const REFUSED: readonly (readonly [
  string,
  (hub: HubUnderTest) => Promise<unknown>,
  { status: number; code: string; kind: string },
])[] = [
  [
    "a query that is none",
    (hub) => hub.registry.createQuery("SELECT").next(),
    { status: 400, code: "ArgumentInvalid", kind: "ArgumentError" },
  ],
  [
    "a device that is not there",
    (hub) => hub.registry.get(hub.newId()),
    { status: 404, code: "DeviceNotFound", kind: "DeviceNotFoundError" },
  ],
  [
    "a configuration that is not there",
    (hub) => hub.registry.getConfiguration(hub.newConfigurationId()),
    { status: 404, code: "ConfigurationNotFound", kind: "Error" },
  ],
  [
    "a job that is not there",
    (hub) => hub.jobs.getJob(hub.newJobId()),
    { status: 404, code: "JobNotFound", kind: "Error" },
  ],
  [
    "a device that is there already",
    async (hub) => hub.registry.create({ deviceId: await hub.newDevice() }),
    { status: 409, code: "DeviceAlreadyExists", kind: "DeviceAlreadyExistsError" },
  ],
  [
    "a configuration that is there already",
    async (hub) => {
      const configuration = aConfiguration(hub.newConfigurationId());
      await hub.registry.addConfiguration(configuration);
      return hub.registry.addConfiguration(configuration);
    },
    { status: 409, code: "ConfigurationAlreadyExists", kind: "DeviceAlreadyExistsError" },
  ],
  [
    "a stale etag",
    async (hub) => {
      const configuration = aConfiguration(hub.newConfigurationId());
      const old = await stored(hub.registry.addConfiguration(configuration));
      await hub.registry.updateConfiguration({ ...old, priority: 1 });
      return hub.registry.updateConfiguration({ ...old, priority: 2 });
    },
    { status: 412, code: "PreconditionFailed", kind: "InvalidEtagError" },
  ],
];

describeArea("errors", (it) => {
  it("have a body of two fields and a header with their name [facts 4.2]", async (hub) => {
    const { status, code, body, headers } = await hub.ask(`GET /devices/${hub.newId()}`);
    expect({ status, code }).toEqual({ status: 404, code: "DeviceNotFound" });
    expect(headers["content-type"]).toMatch(/^application\/json/u);
    expect(body).toEqual({
      Message: expect.stringMatching(/^ErrorCode:DeviceNotFound;/u) as string,
      ExceptionMessage: TRACKING,
    });
  });

  for (const [what, call, expected] of REFUSED) {
    it(`for ${what} are ${expected.status} ${expected.code}, in the SDK ${expected.kind} [facts 4.2]`, async (hub) => {
      expect(await refusal(call(hub))).toMatchObject(expected);
    });
  }

  for (const [status, kind] of [
    [429, "ThrottlingError"],
    [500, "InternalServerError"],
    [503, "ServiceUnavailableError"],
  ] as const) {
    it(
      `of status ${status} are ${kind} in the SDK [facts 4.2]`,
      {
        needs: "local",
        because: "nobody can make the service fail",
      },
      async (hub) => {
        const deviceId = await hub.newDevice();
        using fault = hub.local().fail("twinReads", status);
        expect(fault).toBeDefined();
        expect(await refusal(hub.registry.getTwin(deviceId))).toMatchObject({ status, kind });
      },
    );
  }

  for (const body of ["{", '"x"', "[]"]) {
    it(`answer the body ${body} with 400, and the twin is as it was`, async (hub) => {
      const deviceId = await hub.newDevice({ a: 1 });
      expect((await hub.ask(`PATCH /twins/${deviceId}`, { body })).status).toBe(400);
      expect((await hub.registry.getTwin(deviceId)).responseBody.tags).toEqual({ a: 1 });
    });
  }

  it("answer a request without an api-version with 400 [G]", async (hub) => {
    const deviceId = await hub.newDevice();
    expect(await hub.ask(`GET /devices/${deviceId}`, { apiVersion: null })).toMatchObject({ status: 400 });
  });

  it("are none for a newer api-version, which the CLI has", async (hub) => {
    const deviceId = await hub.newDevice();
    const { status } = await hub.ask(`GET /devices/${deviceId}`, { apiVersion: "2024-03-31" });
    expect(status).toBe(200);
  });
});
