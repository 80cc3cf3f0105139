import type { RetryPolicy } from "cockatiel";
import { addMembers, alignMembers, removeMembers, type SetConnection } from "./device-set-changes.ts";
import { doubted, settleDoubts } from "./device-set-doubt.ts";
import type { DeviceSetInputs } from "./device-set-inputs.ts";
import { noProgress, type SetProgress } from "./device-set-progress.ts";
import { refuseConnected, refuseOthers } from "./device-set-refusals.ts";
import type { SetMember } from "./device-set-settings.ts";
import { declaredDigest, type DeviceSetState } from "./device-set-state.ts";
import { errorFrom, isDenied } from "./registry-failure.ts";
import { readTwins } from "./set-twin.ts";

/** What a set is to become, and from where. */
export interface SetRun {
  readonly connection: SetConnection;
  /** Tries again what a new role does not allow yet. */
  readonly patiently: RetryPolicy;
  /** The state as Pulumi handed it back; that of a new set has no devices. */
  readonly stored: DeviceSetState;
  readonly members: readonly SetMember[];
  readonly settings: DeviceSetInputs;
}

/** Bring the devices of a state to what is declared, as far as the hub lets it: the state after that, and what was done. */
export async function bringAbout({
  connection,
  patiently,
  stored,
  members,
  settings,
}: SetRun): Promise<{ readonly state: DeviceSetState; readonly progress: SetProgress }> {
  const { adoptExisting, forceDelete } = settings;
  const twinsOf = (deviceIds: readonly string[]): ReturnType<typeof readTwins> =>
    readTwins(connection.registry, { ...connection, deviceIds });
  const before = await settleDoubts(connection, stored);
  const { doomed, changed, fresh } = differences(before, members);

  // Everything that can be refused is, before anything is changed.
  if (!forceDelete) refuseConnected(await twinsOf(doomed));
  const candidates = adoptExisting ? [...changed, ...fresh] : changed;
  const twins = await patiently.execute(() => twinsOf(candidates.map(({ deviceId }) => deviceId)));
  refuseOthers(fresh, twins);

  const progress = noProgress();
  await alignMembers(
    connection,
    { members: candidates, twins, heldBefore: (deviceId) => before.holds[deviceId] === true },
    progress,
  );
  // Those that were deleted outside are made again.
  const missing = [...changed, ...fresh].filter(({ deviceId }) => !twins.has(deviceId));
  await patiently
    .execute(async () => {
      await addMembers(connection, missing, progress);
      // Nothing was made yet: the role may be on its way.
      const { stopped } = progress;
      if (stopped !== undefined && isDenied(stopped) && progress.done.size === 0) {
        progress.stopped = undefined;
        throw stopped;
      }
    })
    .catch((error: unknown) => {
      progress.stopped ??= errorFrom(error);
    });
  await removeMembers(connection, doomed, progress);

  const unchanged = new Set(members).difference(new Set([...candidates, ...fresh]));
  const { digests, holds } = factsOf({ before, members, unchanged, doomed, progress });
  const taken = fresh.map(({ deviceId }) => deviceId).filter((deviceId) => twins.has(deviceId));
  // One that was deleted outside and made again is the stack's own.
  const remade = new Set(missing.map(({ deviceId }) => deviceId));
  const wanted = new Set(members.map(({ deviceId }) => deviceId));
  const stillAdopted = before.adopted.filter((deviceId) => wanted.has(deviceId) && !remade.has(deviceId));
  const { hostName, setName, tier, units } = settings;
  const state: DeviceSetState = {
    hostName,
    setName,
    tier,
    units,
    forceDelete,
    digests,
    holds,
    adopted: [...stillAdopted, ...taken],
    count: Object.keys(digests).length - progress.doubtful.size,
  };
  return { state, progress };
}

/** Who has to go, who is otherwise than declared, and who is new. */
function differences(
  before: DeviceSetState,
  members: readonly SetMember[],
): { readonly doomed: string[]; readonly changed: SetMember[]; readonly fresh: SetMember[] } {
  const isKnown = ({ deviceId }: SetMember): boolean => Object.hasOwn(before.digests, deviceId);
  const kept = new Set([...before.adopted, ...members.map(({ deviceId }) => deviceId)]);
  return {
    // An adopted one that leaves the set is forgotten, not deleted.
    doomed: Object.keys(before.digests).filter((deviceId) => !kept.has(deviceId)),
    changed: members.filter(
      (member) => isKnown(member) && before.digests[member.deviceId] !== declaredDigest(member),
    ),
    fresh: members.filter((member) => !isKnown(member)),
  };
}

/** What the state keeps of each device that is there, or may be. */
function factsOf({
  before,
  members,
  unchanged,
  doomed,
  progress,
}: {
  readonly before: DeviceSetState;
  readonly members: readonly SetMember[];
  readonly unchanged: ReadonlySet<SetMember>;
  readonly doomed: readonly string[];
  readonly progress: SetProgress;
}): Pick<DeviceSetState, "digests" | "holds"> {
  const digests: Record<string, string> = {};
  const holds: Record<string, boolean> = {};
  for (const member of members) {
    const { deviceId, hold } = member;
    if (unchanged.has(member) || progress.done.has(deviceId)) digests[deviceId] = declaredDigest(member);
    else if (progress.unfinished.has(deviceId)) digests[deviceId] = "";
    else if (progress.doubtful.has(deviceId)) digests[deviceId] = doubted(declaredDigest(member));
    const held = digests[deviceId] === "" ? before.holds[deviceId] : hold;
    if (Object.hasOwn(digests, deviceId) && held !== undefined) holds[deviceId] = held;
  }
  for (const deviceId of doomed) {
    if (!progress.removed.has(deviceId)) digests[deviceId] = before.digests[deviceId] ?? "";
  }
  return { digests, holds };
}
