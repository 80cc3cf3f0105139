import { isDeepStrictEqual } from "node:util";
import { ConstantBackoff, handleWhen, retry } from "cockatiel";
import { CALL_RETRIES, type RetryOptions } from "./call-retry.ts";
import { isUnknown } from "./device-inputs.ts";
import {
  addMembers,
  alignMembers,
  noProgress,
  refuseConnected,
  refuseOthers,
  removeMembers,
  type SetConnection,
  type SetProgress,
} from "./device-set-changes.ts";
import { doubted, settleDoubts } from "./device-set-doubt.ts";
import { failIfPartial, summaryOf } from "./device-set-failure.ts";
import { checkSetInputs, findSetMembers, parseSetInputs } from "./device-set-inputs.ts";
import type { SetMember } from "./device-set-settings.ts";
import { declaredDigest, digestOfTwin, parseSetState, type DeviceSetState } from "./device-set-state.ts";
import { paceOf, type HubSize, type Pace } from "./hub-pace.ts";
import { connectByEntra, type ConnectRegistry } from "./registry-connection.ts";
import { DeviceRefusal, errorFrom, explained, isDenied } from "./registry-failure.ts";
import type { ResourceLife } from "./resource-life.ts";
import { readTwins } from "./set-twin.ts";

/** What the provider of sets needs to know. */
export interface DeviceSetProviderOptions {
  readonly connect: ConnectRegistry;
  /** How often more, and how far apart, a new set is tried while the hub does not allow it yet. */
  readonly patience: { readonly attempts: number; readonly waitMs: number };
  readonly retries: RetryOptions;
  /** How fast a hub of a size is called; default as its throttles allow. */
  readonly pace?: (size: HubSize) => Pace;
}

/** Many device identities of one hub as one resource. */
export function deviceSetProvider(options: DeviceSetProviderOptions): ResourceLife<DeviceSetState> {
  const { connect, patience, retries, pace = paceOf } = options;
  const patiently = retry(handleWhen(isDenied), {
    maxAttempts: patience.attempts,
    backoff: new ConstantBackoff(patience.waitMs),
  });
  // Sets of one hub share its allowance.
  const paces = new Map<string, Pace>();
  const reach = async (hostName: string, size: HubSize): Promise<SetConnection> => {
    const shared = `${hostName} ${size.tier} ${size.units}`;
    const known = paces.get(shared) ?? pace(size);
    paces.set(shared, known);
    return { registry: await connect(hostName), pace: known, retries };
  };

  /** Bring the devices of a state to what is declared. */
  const bringAbout = async (
    stored: DeviceSetState,
    members: readonly SetMember[],
    {
      hostName,
      setName,
      tier,
      units,
      forceDelete,
      adoptExisting,
    }: ReturnType<typeof parseSetInputs>["settings"],
  ): Promise<{ readonly state: DeviceSetState; readonly progress: SetProgress }> => {
    const connection = await reach(hostName, { tier, units });
    const before = await settleDoubts(connection, stored);
    const adoptedBefore = new Set(before.adopted);
    const isKnown = ({ deviceId }: SetMember): boolean => Object.hasOwn(before.digests, deviceId);
    const wanted = new Set(members.map(({ deviceId }) => deviceId));
    const leaving = Object.keys(before.digests).filter((deviceId) => !wanted.has(deviceId));
    const doomed = leaving.filter((deviceId) => !adoptedBefore.has(deviceId));
    const known = members.filter(isKnown);
    const changed = known.filter((member) => before.digests[member.deviceId] !== declaredDigest(member));
    const fresh = members.filter((member) => !isKnown(member));

    // Everything that can be refused is, before anything is changed.
    if (!forceDelete)
      refuseConnected(await readTwins(connection.registry, { ...connection, deviceIds: doomed }));
    const candidates = adoptExisting ? [...changed, ...fresh] : changed;
    const twins = await patiently.execute(() =>
      readTwins(connection.registry, {
        ...connection,
        deviceIds: candidates.map(({ deviceId }) => deviceId),
      }),
    );
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

    const isCandidate = new Set(candidates);
    const digests: Record<string, string> = {};
    const holds: Record<string, boolean> = {};
    for (const member of members) {
      const { deviceId, hold } = member;
      const isAsBefore = isKnown(member) && !isCandidate.has(member);
      if (isAsBefore || progress.done.has(deviceId)) digests[deviceId] = declaredDigest(member);
      else if (progress.unfinished.has(deviceId)) digests[deviceId] = "";
      else if (progress.doubtful.has(deviceId)) digests[deviceId] = doubted(declaredDigest(member));
      const held = digests[deviceId] === "" ? before.holds[deviceId] : hold;
      if (Object.hasOwn(digests, deviceId) && held !== undefined) holds[deviceId] = held;
    }
    for (const deviceId of doomed) {
      if (!progress.removed.has(deviceId)) digests[deviceId] = before.digests[deviceId] ?? "";
    }
    const adopted = fresh.map(({ deviceId }) => deviceId).filter((deviceId) => twins.has(deviceId));
    // One that was deleted outside and made again is the stack's own.
    const remade = new Set(missing.map(({ deviceId }) => deviceId));
    const stillAdopted = before.adopted.filter((deviceId) => wanted.has(deviceId) && !remade.has(deviceId));
    const state: DeviceSetState = {
      hostName,
      setName,
      tier,
      units,
      forceDelete,
      digests,
      holds,
      adopted: [...stillAdopted, ...adopted],
      count: Object.keys(digests).length - progress.doubtful.size,
    };
    return { state, progress };
  };

  const idOf = (hostName: string, setName: string): string => `${hostName}/sets/${setName}`;

  return {
    check: (_olds, news) => {
      const { inputs, failures } = checkSetInputs(news);
      return Promise.resolve({ inputs, failures: [...failures] });
    },
    diff: (_id, olds, news) => {
      const before = parseSetState(olds);
      const members = findSetMembers(news);
      const isElsewhere = before.hostName !== news["hostName"];
      const replaces = isElsewhere && !isUnknown(news["hostName"]) ? ["hostName"] : [];
      const digests = members && Object.fromEntries(members.map((m) => [m.deviceId, declaredDigest(m)]));
      const isSame =
        isDeepStrictEqual(digests, before.digests) && before.forceDelete === (news["forceDelete"] ?? false);
      return Promise.resolve({ changes: isElsewhere || !isSame, replaces });
    },
    create: async (inputs) => {
      const { settings, members } = parseSetInputs(inputs);
      const { hostName, setName } = settings;
      const what = `register the ${members.length} devices of ${setName} on ${hostName}`;
      const nothing = parseSetState({ hostName, setName });
      const { state, progress } = await explained(what, () => bringAbout(nothing, members, settings));
      const id = idOf(hostName, setName);
      failIfPartial({ id, state, progress, what, inputs });
      return { id, outs: state };
    },
    read: async (id, properties) => {
      const stored = parseSetState(properties);
      const { hostName, setName } = stored;
      return explained(`read the devices of ${setName} on ${hostName}`, async () => {
        const connection = await reach(hostName, stored);
        const before = await settleDoubts(connection, stored);
        const { digests: known, holds } = before;
        const twins = await readTwins(connection.registry, { ...connection, deviceIds: Object.keys(known) });
        if (twins.size === 0) return { id: "", props: {} };
        const digests = Object.fromEntries(
          Object.keys(known).flatMap((deviceId) => {
            const twin = twins.get(deviceId);
            return twin === undefined ? [] : [[deviceId, digestOfTwin(twin, holds)]];
          }),
        );
        const adopted = before.adopted.filter((deviceId) => twins.has(deviceId));
        return { id, props: { ...before, digests, adopted, count: twins.size } };
      });
    },
    update: async (id, olds, news) => {
      const { settings, members } = parseSetInputs(news);
      const what = `change the devices of ${settings.setName} on ${settings.hostName}`;
      const { state, progress } = await explained(what, () =>
        bringAbout(parseSetState(olds), members, settings),
      );
      failIfPartial({ id, state, progress, what, inputs: news });
      return { outs: state };
    },
    delete: async (_id, properties) => {
      const state = parseSetState(properties);
      const { hostName, setName, forceDelete } = state;
      await explained(`delete the devices of ${setName} on ${hostName}`, async () => {
        const connection = await reach(hostName, state);
        const { digests, adopted } = await settleDoubts(connection, state);
        // What the stack did not make, it does not take away.
        const forgotten = new Set(adopted);
        const doomed = Object.keys(digests).filter((deviceId) => !forgotten.has(deviceId));
        if (!forceDelete)
          refuseConnected(await readTwins(connection.registry, { ...connection, deviceIds: doomed }));
        const progress = noProgress();
        await removeMembers(connection, doomed, progress);
        if (progress.stopped !== undefined) throw progress.stopped;
        if (progress.refused.length > 0)
          throw new DeviceRefusal(`${summaryOf(progress.refused)}; run pulumi destroy again`);
      });
    },
  };
}

/** The provider that Pulumi's plugin loads. */
export const azureDeviceSetProvider = deviceSetProvider({
  connect: connectByEntra,
  patience: { attempts: 40, waitMs: 15_000 },
  retries: CALL_RETRIES,
});
