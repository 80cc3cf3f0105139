import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { createPolicies } from "../../../local/hub/access-policy.ts";
import { SAS } from "../../../local/hub/authentication.ts";
import { authenticateDevice } from "../../../local/hub/mqtt/device-credentials.ts";
import { ACCESS } from "../../../local/hub/rest/route-access.ts";
import { serviceAccess } from "../../../local/hub/rest/service-access.ts";
import { ServiceError } from "../../../local/hub/service-error.ts";
import { aSasToken } from "./raw-connect.ts";

const key = Buffer.alloc(32, 1).toString("base64");
const policies = createPolicies();
const RUNS = 5000;

/** Text as an attacker writes it: a good token with a piece replaced, fields in any number and order, or anything. */
const hostile = (good: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc
      .tuple(fc.nat(good.length - 1), fc.nat(8), fc.string({ unit: "binary", maxLength: 8 }))
      .map(([at, length, piece]) => good.slice(0, at) + piece + good.slice(at + length)),
    fc
      .array(fc.tuple(fc.constantFrom("sr", "sig", "se", "skn", "x"), fc.string({ maxLength: 60 })), {
        maxLength: 8,
      })
      .map((fields) => `SharedAccessSignature ${fields.map((field) => field.join("=")).join("&")}`),
    fc
      .array(fc.base64String({ maxLength: 80 }), { maxLength: 5 })
      .map((parts) => `Bearer ${parts.join(".")}`),
    fc
      .tuple(fc.json(), fc.json())
      .map(
        (parts) =>
          `Bearer ${parts.map((part) => Buffer.from(part).toString("base64url")).join(".")}.${"A".repeat(43)}`,
      ),
  );

/** The parts of a token as they are meant, or undefined: a good token may be written in more than one way. */
const meaning = (text: string): string | undefined => {
  try {
    return [...new URLSearchParams(text.replace("SharedAccessSignature ", ""))]
      .filter(([name]) => ["sr", "sig", "se", "skn"].includes(name))
      .map((field) => field.join("="))
      .sort()
      .join("&");
  } catch {
    return undefined;
  }
};

describe(`${RUNS} hostile credentials`, () => {
  const password = aSasToken({ key, resource: "hub%2Fdevices%2Fd1" });
  test.prop([hostile(password)], { numRuns: RUNS })("of a device crash nothing and open nothing", (text) => {
    const until = authenticateDevice(
      { clientId: "d1", userName: "hub/d1/?api-version=1", password: text, certificate: undefined },
      {
        hosts: ["hub"],
        policies,
        tokenSkewMs: 0,
        find: () => ({ authentication: SAS, primaryKey: key, secondaryKey: key, status: "enabled" }),
      },
    );
    if (until !== undefined) expect(meaning(text)).toBe(meaning(password));
  });

  const token = aSasToken({ key: policies.service.primaryKey, resource: "hub", policy: "service" });
  const authorize = serviceAccess({
    hosts: ["hub"],
    policies,
    tokenSkewMs: 0,
    entra: { issuerKey: "k".repeat(32) },
  });
  test.prop([hostile(token)], { numRuns: RUNS })("of a service are 401 and nothing else", (authorization) => {
    try {
      authorize({ authorization, method: "GET", path: "/twins/d1", access: ACCESS.readTwins });
    } catch (error) {
      expect(error).toBeInstanceOf(ServiceError);
      expect(error).toMatchObject({ status: 401 });
      return;
    }
    expect(meaning(authorization)).toBe(meaning(token));
  });
});
