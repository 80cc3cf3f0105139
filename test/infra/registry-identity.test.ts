import { describe, expect, it } from "vitest";
import {
  authenticationOf,
  bodyOfAuthentication,
  type RegistryDevice,
} from "../../infra/devices/registry-identity.ts";

/** An identity as the service sends it: every way to sign in has its fields, and the type says which counts. */
function identityWith(authentication: Record<string, unknown>): RegistryDevice {
  const unused = {
    symmetricKey: { primaryKey: null, secondaryKey: null },
    x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
  };
  // The service's null is not in the SDK's types.
  return { deviceId: "d1", authentication: { ...unused, ...authentication } } as unknown as RegistryDevice;
}

describe("how a device signs in, to and from the registry", () => {
  const primaryThumbprint = "AB".repeat(20);
  const secondaryThumbprint = "CD".repeat(32);

  it.each([
    { type: "certificateAuthority" } as const,
    { type: "selfSigned", primaryThumbprint } as const,
    { type: "selfSigned", primaryThumbprint, secondaryThumbprint } as const,
    { type: "sas" } as const,
  ])("comes back as it was written: %o", (authentication) => {
    expect(authenticationOf(identityWith(bodyOfAuthentication(authentication)))).toEqual(authentication);
  });

  it("names a thumbprint where the service has it", () => {
    expect(bodyOfAuthentication({ type: "selfSigned", primaryThumbprint })).toEqual({
      type: "selfSigned",
      x509Thumbprint: { primaryThumbprint },
    });
  });

  it("is read without the keys", () => {
    const symmetricKey = { primaryKey: "a2V5LW9uZQ==", secondaryKey: "a2V5LXR3bw==" };
    expect(authenticationOf(identityWith({ type: "sas", symmetricKey }))).toEqual({ type: "sas" });
  });
});
