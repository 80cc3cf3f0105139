import { isDeepStrictEqual } from "node:util";
import {
  CALL_RETRIES,
  retryWhileDenied,
  ROLE_PATIENCE,
  type RetryOptions,
  type RolePatience,
} from "./call-retry.ts";
import { bringAbout } from "./device-set-bring-about.ts";
import { removeMembers, type SetConnection } from "./device-set-changes.ts";
import { settleDoubts } from "./device-set-doubt.ts";
import { failIfPartial, summaryOf } from "./device-set-failure.ts";
import { checkSetInputs, findSetMembers, parseSetInputs } from "./device-set-inputs.ts";
import { noProgress } from "./device-set-progress.ts";
import { refuseConnected } from "./device-set-refusals.ts";
import { declaredDigest, digestOfTwin, parseSetState, type DeviceSetState } from "./device-set-state.ts";
import { paceOf, type HubSize, type Pace } from "./hub-pace.ts";
import { connectByEntra, type ConnectRegistry } from "./registry-connection.ts";
import { explained, Refusal } from "./registry-failure.ts";
import { isUnknown } from "./resource-inputs.ts";
import type { ResourceLife } from "./resource-life.ts";
import { readTwins } from "./set-twin.ts";

/** What the provider of sets needs to know. */
export interface DeviceSetProviderOptions {
  readonly connect: ConnectRegistry;
  /** With a hub that does not allow a new set yet. */
  readonly patience: RolePatience;
  readonly retries: RetryOptions;
  /** How fast a hub of a size is called; default as its throttles allow. */
  readonly pace?: (size: HubSize) => Pace;
}

/** Many device identities of one hub as one resource. */
export function deviceSetProvider(options: DeviceSetProviderOptions): ResourceLife<DeviceSetState> {
  const { connect, patience, retries, pace = paceOf } = options;
  const patiently = retryWhileDenied(patience);
  // Sets of one hub share its allowance.
  const paces = new Map<string, Pace>();
  const reach = async (hostName: string, size: HubSize): Promise<SetConnection> => {
    const shared = `${hostName} ${size.tier} ${size.units}`;
    const known = paces.get(shared) ?? pace(size);
    paces.set(shared, known);
    return { registry: await connect(hostName), pace: known, retries };
  };

  const run = async (
    stored: DeviceSetState,
    { settings, members }: ReturnType<typeof parseSetInputs>,
  ): ReturnType<typeof bringAbout> =>
    bringAbout({
      connection: await reach(settings.hostName, settings),
      ...{ patiently, stored, members, settings },
    });

  const idOf = (hostName: string, setName: string): string => `${hostName}/sets/${setName}`;

  return {
    check: (_olds, news) => Promise.resolve(checkSetInputs(news)),
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
      const wanted = parseSetInputs(inputs);
      const { hostName, setName } = wanted.settings;
      const what = `register the ${wanted.members.length} devices of ${setName} on ${hostName}`;
      const nothing = parseSetState({ hostName, setName });
      const { state, progress } = await explained(what, () => run(nothing, wanted));
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
      const wanted = parseSetInputs(news);
      const { setName, hostName } = wanted.settings;
      const what = `change the devices of ${setName} on ${hostName}`;
      const { state, progress } = await explained(what, () => run(parseSetState(olds), wanted));
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
          throw new Refusal(`${summaryOf(progress.refused)}; run pulumi destroy again`);
      });
    },
  };
}

/** The provider that Pulumi's plugin loads. */
export const azureDeviceSetProvider = deviceSetProvider({
  connect: connectByEntra,
  patience: ROLE_PATIENCE,
  retries: CALL_RETRIES,
});
