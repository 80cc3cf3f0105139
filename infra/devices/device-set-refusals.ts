import { isDeepStrictEqual } from "node:util";
import { describe } from "./device-registration.ts";
import type { SetMember } from "./device-set-settings.ts";
import { Refusal } from "./registry-failure.ts";
import type { SetTwin } from "./set-twin.ts";

/** Refuse to delete devices that are at work. */
export function refuseConnected(twins: ReadonlyMap<string, SetTwin>): void {
  const connected = [...twins.values()].filter(({ isConnected }) => isConnected);
  if (connected.length === 0) return;
  const names = connected.slice(0, 5).map(({ deviceId }) => deviceId);
  const more = connected.length > names.length ? ` and ${connected.length - names.length} more` : "";
  throw new Refusal(
    `${names.join(", ")}${more} ${connected.length === 1 ? "is" : "are"} enabled and connected; disable, or set forceDelete: true, and run pulumi up first`,
  );
}

/** Refuse to take over devices that sign in another way; all of them at once. */
export function refuseOthers(members: readonly SetMember[], twins: ReadonlyMap<string, SetTwin>): void {
  const others = members.flatMap(({ deviceId, authentication }) => {
    const twin = twins.get(deviceId);
    return twin === undefined || isDeepStrictEqual(twin.authentication, authentication)
      ? []
      : [`${deviceId} signs in by ${describe(twin.authentication)}, not by ${describe(authentication)}`];
  });
  if (others.length > 0) throw new Refusal(`${others.join("; ")}; declare what they have`);
}
