import { isDeepStrictEqual } from "node:util";
import { bucketOf } from "../../rollout/model/bucket.ts";
import {
  CALL_RETRIES,
  retryWhileDenied,
  ROLE_PATIENCE,
  type RetryOptions,
  type RolePatience,
} from "./call-retry.ts";
import { checkDeviceInputs, parseDeviceInputs } from "./device-inputs.ts";
import { alignIdentity, alignTags, createOrAdopt } from "./device-registration.ts";
import { inputsOfState, stateOf, type DeviceState } from "./device-state.ts";
import { withRetries } from "./registry-calls.ts";
import { connectByEntra, type ConnectRegistry, type Registry } from "./registry-connection.ts";
import { explained, Refusal, registryFailure, unlessGone } from "./registry-failure.ts";
import { findDevice, isConnected } from "./registry-identity.ts";
import { isUnknown, PROVIDER_KEY } from "./resource-inputs.ts";
import { partsOf, type ResourceLife } from "./resource-life.ts";
import { tagsOfTwin, type DeviceTags } from "./twin-tags.ts";

/** The life of a device identity. */
export type DeviceProvider = ResourceLife<DeviceState>;

/** What a provider needs to know. */
export interface DeviceProviderOptions {
  readonly connect: ConnectRegistry;
  /** With a hub that does not allow a new identity yet. */
  readonly patience: RolePatience;
  readonly retries: RetryOptions;
}

/** Inputs that identify a device: with another value it is another device. */
const IDENTITY = ["hostName", "deviceId"] as const;
/** Inputs that can change on a device that stays. */
const CHANGEABLE = [
  "authentication",
  "status",
  "product",
  "stratum",
  "ring",
  "hold",
  "exportKeys",
  "adoptExisting",
  "forceDelete",
] as const;

/** Device identities in the registry of an IoT hub. */
export function deviceProvider({ connect, patience, retries }: DeviceProviderOptions): DeviceProvider {
  const patiently = retryWhileDenied(patience);
  // Nothing paces many single devices: what the hub refuses for the moment is tried again.
  const reach = async (hostName: string): Promise<Registry> => withRetries(await connect(hostName), retries);
  return {
    check: (_olds, news) => Promise.resolve(checkDeviceInputs(news)),
    diff: (_id, olds, news) => {
      const { inputs } = checkDeviceInputs(news);
      const isChanged = (key: string): boolean => !isDeepStrictEqual(olds[key], inputs[key]);
      const replaces = IDENTITY.filter((key) => isChanged(key) && !isUnknown(inputs[key]));
      const isBucketLost = olds["bucket"] !== bucketOf(String(inputs["deviceId"]));
      return Promise.resolve({
        changes: IDENTITY.some(isChanged) || isBucketLost || CHANGEABLE.some(isChanged),
        replaces,
      });
    },
    create: async (inputs) => {
      const settings = parseDeviceInputs(inputs);
      const { hostName, deviceId } = settings;
      const id = `${hostName}/${deviceId}`;
      const { registry, device, adopted } = await explained(
        `register device ${deviceId} on ${hostName}`,
        () =>
          patiently.execute(async () => {
            const direct = await connect(hostName);
            const made = await createOrAdopt(direct, settings, retries);
            return { registry: withRetries(direct, retries), ...made };
          }),
      );
      try {
        const aligned = await alignIdentity(registry, device, settings);
        const tags = await alignTags(registry, settings, false);
        return { id, outs: stateOf({ settings, device: aligned, tags, adopted }) };
      } catch (error) {
        // The identity exists, so Pulumi must keep it: with an id, a failure is one of initialization. The provider's
        // text goes along, for Pulumi adds it only to successes [pulumi: cmd/dynamic-provider, grpcResponseFromError].
        const failure = registryFailure(error, `tag device ${deviceId} on ${hostName}`);
        const properties = {
          ...stateOf({ settings, device, tags: {}, adopted }),
          [PROVIDER_KEY]: inputs[PROVIDER_KEY],
        };
        throw Object.assign(failure, { id, properties, reasons: [failure.message] });
      }
    },
    read: (id, state) => {
      const { hostName, name: deviceId } = partsOf(id);
      return explained(`read device ${deviceId} on ${hostName}`, async () => {
        const registry = await reach(hostName);
        const device = await findDevice(registry, deviceId);
        // No id tells Pulumi that the resource is gone.
        if (device === undefined) return { id: "", props: {} };
        const { responseBody: twin } = await registry.getTwin(deviceId);
        const adopted = state["adopted"] === true;
        const settings = {
          hostName,
          deviceId,
          adoptExisting: state["adoptExisting"] === true,
          forceDelete: state["forceDelete"] === true,
          exportKeys: state["exportKeys"] === true,
        };
        const tags = tagsOfTwin(twin.tags);
        // A hold that the stack says nothing of is somebody else's, and no drift.
        const own = state["hold"] === undefined ? without(tags, "hold") : tags;
        const props = stateOf({ settings, device, tags: own, adopted });
        return { id, props, inputs: inputsOfState(props) };
      });
    },
    update: (_id, olds, news) => {
      const settings = parseDeviceInputs(news);
      const { hostName, deviceId } = settings;
      return explained(`change device ${deviceId} on ${hostName}`, async () => {
        const registry = await reach(hostName);
        const { responseBody: before } = await registry.get(deviceId);
        const device = await alignIdentity(registry, before, settings);
        const tags = await alignTags(registry, settings, olds["hold"] === true);
        return { outs: stateOf({ settings, device, tags, adopted: olds["adopted"] === true }) };
      });
    },
    delete: (id, state) => {
      // What the stack did not make, it does not take away.
      if (state["adopted"] === true) return Promise.resolve();
      const { hostName, name: deviceId } = partsOf(id);
      return explained(`delete device ${deviceId} on ${hostName}`, async () => {
        const registry = await reach(hostName);
        const device = await findDevice(registry, deviceId);
        if (device === undefined) return;
        if (isConnected(device) && state["forceDelete"] !== true) {
          throw new Refusal(
            "it is enabled and connected; disable it, or set forceDelete: true, and run pulumi up first",
          );
        }
        // Gone in between is gone.
        await registry.delete(deviceId).catch(unlessGone);
      });
    },
  };
}

/** The provider that Pulumi's plugin loads. */
export const azureDeviceProvider = deviceProvider({
  connect: connectByEntra,
  patience: ROLE_PATIENCE,
  retries: CALL_RETRIES,
});

function without(tags: DeviceTags, name: keyof DeviceTags): DeviceTags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => key !== name));
}
