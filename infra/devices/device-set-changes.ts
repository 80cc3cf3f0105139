import { isDeepStrictEqual } from "node:util";
import { eachAtOnce } from "./at-once.ts";
import { runBulk, type BulkDevice, type BulkOperation, type BulkOutcome } from "./bulk-devices.ts";
import { retryCalls, type RetryOptions } from "./call-retry.ts";
import type { SetProgress } from "./device-set-progress.ts";
import type { SetMember } from "./device-set-settings.ts";
import type { Pace } from "./hub-pace.ts";
import type { Registry } from "./registry-connection.ts";
import { errorFrom, statusOf } from "./registry-failure.ts";
import { bodyOfAuthentication } from "./registry-identity.ts";
import { readTwins, type SetTwin } from "./set-twin.ts";
import { hasTags, patchOfTags, tagsOf, tagsOfNew, type DeviceTags } from "./twin-tags.ts";

/** What the changes of a set are made with. */
export interface SetConnection {
  readonly registry: Registry;
  readonly pace: Pace;
  readonly retries: RetryOptions;
}

/** Register devices, with their tags; one that is there already is refused. */
export async function addMembers(
  connection: SetConnection,
  members: readonly SetMember[],
  progress: SetProgress,
): Promise<void> {
  const devices = members.map((member): BulkDevice => ({
    deviceId: member.deviceId,
    status: member.status,
    authentication: bodyOfAuthentication(member.authentication),
    tags: tagsOfNew(tagsOf(member)),
  }));
  const inDoubt: SetMember[] = [];
  const byId = new Map(members.map((member) => [member.deviceId, member]));
  await bulk(connection, { operation: "add", devices, progress }, (deviceId, { code, wasUncertain }) => {
    const member = byId.get(deviceId);
    if (!/AlreadyExists|409001/.test(code) || member === undefined) return undefined;
    if (!wasUncertain)
      return "it exists already; set adoptExisting: true to take it over, or choose another deviceId";
    // It was not there to our knowledge, and an answer was lost: most likely we made it ourselves.
    inDoubt.push(member);
    return null;
  });
  const deviceIds = inDoubt.map(({ deviceId }) => deviceId);
  // Until they were looked at, which may fail.
  for (const deviceId of deviceIds) progress.doubtful.add(deviceId);
  const twins = await readTwins(connection.registry, { ...connection, deviceIds });
  for (const member of inDoubt) {
    progress.doubtful.delete(member.deviceId);
    const twin = twins.get(member.deviceId);
    if (twin !== undefined && isAsDeclared(twin, member)) progress.done.add(member.deviceId);
    else progress.refused.push(`${member.deviceId}: it exists already, and otherwise than declared`);
  }
}

/** Make devices that are there what is declared of them; of each only what differs. */
export async function alignMembers(
  connection: SetConnection,
  {
    members,
    twins,
    heldBefore,
  }: {
    readonly members: readonly SetMember[];
    readonly twins: ReadonlyMap<string, SetTwin>;
    readonly heldBefore: (deviceId: string) => boolean;
  },
  progress: SetProgress,
): Promise<void> {
  const known = members.flatMap((member) => {
    const twin = twins.get(member.deviceId);
    return twin === undefined ? [] : [{ member, twin }];
  });
  for (const { member } of known) progress.unfinished.add(member.deviceId);
  const identities = known.filter(({ member, twin }) => !isSameIdentity(twin, member));
  const devices: BulkDevice[] = [];
  for (const pair of identities) devices.push(await identityOf(connection, pair));
  const failed = await bulk(connection, { operation: "update", devices, progress }, (_id, { code }) =>
    /PreconditionFailed|412001/.test(code)
      ? "somebody changed it in between; run pulumi up again"
      : undefined,
  );
  if (progress.stopped !== undefined) return;
  const accepted = known.filter(({ member }) => !failed.has(member.deviceId));
  await eachAtOnce(accepted, async ({ member, twin }) => {
    const { deviceId } = member;
    const declared = tagsOf(member);
    const wanted =
      declared.hold === undefined && heldBefore(deviceId) ? { ...declared, hold: false } : declared;
    if (!hasTags(twin.tags, wanted) && !(await writeTags(connection, deviceId, wanted))) {
      progress.refused.push(`${deviceId}: it was deleted in between; run pulumi up again`);
      return;
    }
    progress.unfinished.delete(deviceId);
    progress.done.add(deviceId);
  }).catch((error: unknown) => {
    progress.stopped = errorFrom(error);
  });
}

/** Make a twin carry these tags; false: it is gone, which is no reason to leave the others. */
async function writeTags(
  { registry, pace, retries }: SetConnection,
  deviceId: string,
  tags: DeviceTags,
): Promise<boolean> {
  try {
    await retryCalls(retries).execute(async () => {
      await pace("twinWrites", 1);
      await registry.updateTwin(deviceId, patchOfTags(tags), "*");
    });
    return true;
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    return false;
  }
}

/** Delete identities; those that are gone already are done. */
export async function removeMembers(
  connection: SetConnection,
  deviceIds: readonly string[],
  progress: SetProgress,
): Promise<void> {
  const devices = deviceIds.map((deviceId): BulkDevice => ({ deviceId }));
  await bulk(connection, { operation: "remove", devices, progress }, (_id, { code }) =>
    /DeviceNotFound|404001/.test(code) ? null : undefined,
  );
}

function isAsDeclared(twin: SetTwin, member: SetMember): boolean {
  return isSameIdentity(twin, member) && hasTags(twin.tags, tagsOf(member));
}

function isSameIdentity(twin: SetTwin, { authentication, status }: SetMember): boolean {
  return twin.status === status && isDeepStrictEqual(twin.authentication, authentication);
}

/** An identity as it is to be written: whole, since a bulk update replaces it [azure-iothub: Registry.updateDevices]. */
async function identityOf(
  { registry, pace, retries }: SetConnection,
  { member, twin }: { readonly member: SetMember; readonly twin: SetTwin },
): Promise<BulkDevice> {
  const { deviceId, status, authentication } = member;
  const base = { ...twin.kept, deviceId, status, eTag: twin.identityEtag };
  if (authentication.type !== "sas" || twin.authentication.type !== "sas")
    return { ...base, authentication: bodyOfAuthentication(authentication) };
  // Its keys stay, and a hub may read blank ones as a wish for new ones: they pass from the answer to the request.
  const { responseBody } = await retryCalls(retries).execute(async () => {
    await pace("registry", 1);
    return registry.get(deviceId);
  });
  return { ...base, authentication: responseBody.authentication };
}

type FailedOutcome = Extract<BulkOutcome, { kind: "failed" }>;

/**
 * Run a bulk operation and note what became of each device; `explain` gives the words for a refusal, or null for one
 * that is none. Returns the devices that were refused.
 */
async function bulk(
  { registry, pace, retries }: SetConnection,
  {
    operation,
    devices,
    progress,
  }: {
    readonly operation: BulkOperation;
    readonly devices: readonly BulkDevice[];
    readonly progress: SetProgress;
  },
  explain: (deviceId: string, failed: FailedOutcome) => string | null | undefined,
): Promise<ReadonlySet<string>> {
  const refused = new Set(devices.map(({ deviceId }) => deviceId));
  if (devices.length === 0 || progress.stopped !== undefined) return refused;
  const result = await runBulk(registry, { operation, devices, pace, retries });
  for (const [deviceId, outcome] of result.outcomes) {
    if (outcome.kind === "failed") {
      const words = explain(deviceId, outcome);
      if (words === null && operation === "remove") progress.removed.add(deviceId);
      if (words !== null)
        progress.refused.push(`${deviceId}: ${words ?? `${outcome.code} ${outcome.reason}`}`);
      continue;
    }
    refused.delete(deviceId);
    if (operation === "add")
      (outcome.kind === "untagged" ? progress.unfinished : progress.done).add(deviceId);
    if (operation === "remove") progress.removed.add(deviceId);
  }
  if (operation === "add") for (const deviceId of result.doubtful ?? []) progress.doubtful.add(deviceId);
  progress.stopped ??= result.stopped;
  return refused;
}
