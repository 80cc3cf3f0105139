import { isDeepStrictEqual } from "node:util";
import { notingDoubt, retryCalls, type RetryOptions } from "./call-retry.ts";
import type { DeviceInputs } from "./device-inputs.ts";
import type { DeviceAuthentication } from "./device-settings.ts";
import { withRetries } from "./registry-calls.ts";
import type { Registry } from "./registry-connection.ts";
import { Refusal, statusOf } from "./registry-failure.ts";
import {
  authenticationOf,
  bodyOfAuthentication,
  findDevice,
  type RegistryDevice,
} from "./registry-identity.ts";
import { hasTags, patchOfTags, tagsOf, tagsOfTwin, type DeviceTags } from "./twin-tags.ts";

/** Make an identity, or take over one that signs in the same way, when that was asked for. Never silently. */
export async function createOrAdopt(
  registry: Registry,
  inputs: DeviceInputs,
  retries: RetryOptions,
): Promise<{ readonly device: RegistryDevice; readonly adopted: boolean }> {
  const { deviceId, authentication, status, adoptExisting } = inputs;
  const patient = withRetries(registry, retries);
  const existing = adoptExisting ? await findDevice(patient, deviceId) : undefined;
  if (existing !== undefined) {
    const has = authenticationOf(existing);
    if (isDeepStrictEqual(has, authentication)) return { device: existing, adopted: true };
    throw new Refusal(
      `it exists and signs in by ${describe(has)}, not by ${describe(authentication)}; declare the one it has`,
    );
  }
  const doubt = { wasUncertain: false };
  try {
    const body = { deviceId, status, authentication: bodyOfAuthentication(authentication) };
    const made = await retryCalls(retries).execute(() => notingDoubt(doubt, () => registry.create(body)));
    return { device: made.responseBody, adopted: false };
  } catch (error) {
    // Where an answer was lost it may be there, and then it is most likely ours.
    const own = doubt.wasUncertain ? await findDevice(patient, deviceId) : undefined;
    if (own?.status === status && isDeepStrictEqual(authenticationOf(own), authentication))
      return { device: own, adopted: false };
    if (statusOf(error) !== 409) throw error;
    const message = "it exists already; set adoptExisting: true to take it over, or choose another deviceId";
    throw new Refusal(message, { cause: error });
  }
}

/** Make an identity sign in as declared. The SDK's writes carry `If-Match: *`, so it is compared first. */
export async function alignIdentity(
  registry: Registry,
  device: RegistryDevice,
  inputs: DeviceInputs,
): Promise<RegistryDevice> {
  const { status, authentication } = inputs;
  const isSameAuthentication = isDeepStrictEqual(authenticationOf(device), authentication);
  if (isSameAuthentication && device.status === status) return device;
  // Written whole, with all that the hub said of it: an edge parent's scope is not in the SDK's types and would be lost.
  const body = Object.assign({}, device, {
    status,
    // A device that keeps signing in by key keeps its keys: they pass from the answer to the request, and nowhere else.
    authentication: isSameAuthentication ? device.authentication : bodyOfAuthentication(authentication),
  });
  return (await registry.update(body)).responseBody;
}

/**
 * Make the twin carry the device's tags, its bucket among them; `heldBefore`: the stack held the device so far, so that
 * a declaration without a hold lets it go.
 */
export async function alignTags(
  registry: Registry,
  inputs: DeviceInputs,
  heldBefore: boolean,
): Promise<DeviceTags> {
  const { deviceId } = inputs;
  const declared = tagsOf(inputs);
  const wanted = declared.hold === undefined && heldBefore ? { ...declared, hold: false } : declared;
  const twin = await registry.getTwin(deviceId);
  // Any etag will do: the patch touches our tags alone, and a device that reports changes the etag all the time.
  if (!hasTags(tagsOfTwin(twin.responseBody.tags), wanted))
    await registry.updateTwin(deviceId, patchOfTags(wanted), "*");
  return declared;
}

/** How a device signs in, in words. */
export function describe(authentication: DeviceAuthentication): string {
  return authentication.type === "selfSigned"
    ? `the certificate ${authentication.primaryThumbprint}`
    : authentication.type;
}
