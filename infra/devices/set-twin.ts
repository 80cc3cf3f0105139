import { z } from "zod";
import { eachAtOnce } from "./at-once.ts";
import { retryCalls, type RetryOptions } from "./call-retry.ts";
import type { DeviceFacts } from "./device-set-state.ts";
import type { Pace } from "./hub-pace.ts";
import type { Registry } from "./registry-connection.ts";
import { statusOf } from "./registry-failure.ts";
import { authenticationBy, isConnected } from "./registry-identity.ts";
import { tagsOfTwin } from "./twin-tags.ts";

/** A device as its twin shows it, which has all of the identity but the keys [IoT Hub: device twins, Twin]. */
export interface SetTwin extends DeviceFacts {
  readonly deviceId: string;
  /** Of the identity, not of the twin. */
  readonly identityEtag: string;
  readonly isConnected: boolean;
  /** What an update of the identity has to repeat, or it is lost. */
  readonly kept: Readonly<Record<string, unknown>>;
}

const twinSchema = z.object({
  deviceId: z.string(),
  deviceEtag: z.string(),
  status: z.enum(["enabled", "disabled"]),
  statusReason: z.string().nullish(),
  connectionState: z.string().nullish(),
  authenticationType: z.string(),
  x509Thumbprint: z
    .object({ primaryThumbprint: z.string().nullish(), secondaryThumbprint: z.string().nullish() })
    .nullish(),
  capabilities: z.unknown(),
  deviceScope: z.string().nullish(),
  tags: z.unknown(),
});

/** Read the twins of devices as fast as the hub allows; those that it does not know are left out. */
export async function readTwins(
  registry: Registry,
  { deviceIds, pace, retries }: { deviceIds: readonly string[]; pace: Pace; retries: RetryOptions },
): Promise<Map<string, SetTwin>> {
  const found = new Map<string, SetTwin>();
  await eachAtOnce(deviceIds, async (deviceId) => {
    const twin = await retryCalls(retries).execute(async () => {
      await pace("twinReads", 1);
      return findTwin(registry, deviceId);
    });
    if (twin !== undefined) found.set(deviceId, twin);
  });
  return found;
}

async function findTwin(registry: Registry, deviceId: string): Promise<SetTwin | undefined> {
  try {
    return twinFrom((await registry.getTwin(deviceId)).responseBody);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function twinFrom(body: unknown): SetTwin {
  const twin = twinSchema.parse(body);
  const { capabilities, deviceScope, statusReason } = twin;
  return {
    deviceId: twin.deviceId,
    identityEtag: twin.deviceEtag,
    status: twin.status,
    isConnected: isConnected(twin),
    authentication: authenticationBy(twin.authenticationType, twin.x509Thumbprint),
    tags: tagsOfTwin(twin.tags),
    kept: {
      ...(capabilities ? { capabilities } : {}),
      ...(deviceScope ? { deviceScope } : {}),
      ...(statusReason ? { statusReason } : {}),
    },
  };
}
