import { digestOfTwin, type DeviceSetState } from "./device-set-state.ts";
import type { SetConnection } from "./device-set-changes.ts";
import { readTwins } from "./set-twin.ts";

/** Marks the digest of a device that a call was to register whose answer never came: it may be there or not. */
const DOUBT = "?";

/** The digest of a device in doubt: what it is if it was registered. */
export function doubted(digest: string): string {
  return `${DOUBT}${digest}`;
}

/**
 * Find out about devices in doubt. One that is as it was to be registered is the stack's own; one that is not there, or
 * that is otherwise and so somebody else's, leaves the state: it is then registered or refused like any new one, and
 * never deleted.
 */
export async function settleDoubts(
  connection: SetConnection,
  state: DeviceSetState,
): Promise<DeviceSetState> {
  const inDoubt = Object.keys(state.digests).filter((deviceId) => isDoubted(state.digests[deviceId]));
  if (inDoubt.length === 0) return state;
  const twins = await readTwins(connection.registry, { ...connection, deviceIds: inDoubt });
  const digests = Object.entries(state.digests).flatMap(([deviceId, digest]): [string, string][] => {
    if (!isDoubted(digest)) return [[deviceId, digest]];
    const twin = twins.get(deviceId);
    const own = twin && digestOfTwin(twin, state.holds);
    return own !== undefined && digest === doubted(own) ? [[deviceId, own]] : [];
  });
  return { ...state, digests: Object.fromEntries(digests), count: digests.length };
}

function isDoubted(digest: string | undefined): boolean {
  return digest?.startsWith(DOUBT) === true;
}
