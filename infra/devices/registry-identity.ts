import type { DeviceAuthentication } from "./device-settings.ts";
import type { Registry } from "./registry-connection.ts";
import { statusOf } from "./registry-failure.ts";

/** An identity as the hub's registry holds it. */
export type RegistryDevice = Awaited<ReturnType<Registry["get"]>>["responseBody"];

interface Thumbprints {
  readonly primaryThumbprint?: string | null | undefined;
  readonly secondaryThumbprint?: string | null | undefined;
}

/** The identity of a device, if the hub knows it. */
export async function findDevice(registry: Registry, deviceId: string): Promise<RegistryDevice | undefined> {
  try {
    return (await registry.get(deviceId)).responseBody;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** How an identity signs in, without its keys. */
export function authenticationOf(device: RegistryDevice): DeviceAuthentication {
  const { authentication } = device;
  // The SDK's type lacks the discriminator that the service sends [IoT Hub REST: AuthenticationMechanism.type].
  const { type } = (authentication ?? {}) as { readonly type?: string };
  return authenticationBy(type, authentication?.x509Thumbprint);
}

/** The same from its parts. The hub fills every variant's fields, so the type decides. */
export function authenticationBy(
  type: string | undefined,
  thumbprints: Thumbprints | null | undefined,
): DeviceAuthentication {
  if (type === "certificateAuthority") return { type };
  if (type !== "selfSigned") return { type: "sas" };
  const { primaryThumbprint, secondaryThumbprint } = thumbprints ?? {};
  return {
    type,
    primaryThumbprint: (primaryThumbprint ?? "").toUpperCase(),
    ...(secondaryThumbprint ? { secondaryThumbprint: secondaryThumbprint.toUpperCase() } : {}),
  };
}

/** How an identity is to sign in, as the registry takes it. */
export function bodyOfAuthentication(authentication: DeviceAuthentication): Record<string, unknown> {
  switch (authentication.type) {
    case "certificateAuthority":
      return { type: "certificateAuthority" };
    case "selfSigned": {
      const { primaryThumbprint, secondaryThumbprint } = authentication;
      return {
        type: "selfSigned",
        x509Thumbprint: {
          primaryThumbprint,
          ...(secondaryThumbprint === undefined ? {} : { secondaryThumbprint }),
        },
      };
    }
    case "sas":
      // Blank keys ask the hub to make them [IoT Hub REST: create device].
      return { type: "sas", symmetricKey: { primaryKey: "", secondaryKey: "" } };
  }
}

/** Whether a device that may sign in is connected now. The service spells the state with a capital, the SDK without. */
export function isConnected({
  status,
  connectionState,
}: {
  readonly status?: string | undefined;
  readonly connectionState?: string | null | undefined;
}): boolean {
  return status === "enabled" && connectionState?.toLowerCase() === "connected";
}
