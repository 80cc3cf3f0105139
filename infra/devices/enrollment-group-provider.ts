import { isDeepStrictEqual } from "node:util";
import { ConstantBackoff, handleWhen, retry } from "cockatiel";
import { CALL_RETRIES, isUncertain } from "./call-retry.ts";
import { isUnknown, PROVIDER_KEY } from "./device-inputs.ts";
import { bodyOfGroup, factsOfGroup, type GroupFacts, type ReceivedGroup } from "./enrollment-group-body.ts";
import { connectGroupsByEntra, type ConnectGroups } from "./enrollment-group-calls.ts";
import { checkGroupInputs, parseGroupInputs } from "./enrollment-group-settings.ts";
import { DeviceRefusal, errorFrom, explained, isDenied, statusOf, unlessGone } from "./registry-failure.ts";
import type { Properties, ResourceLife } from "./resource-life.ts";

/** What the provider of enrollment groups needs to know. */
export interface EnrollmentGroupProviderOptions {
  readonly connect: ConnectGroups;
  /** How often more, and how far apart, a new group is tried while the service does not allow it yet. */
  readonly patience: { readonly attempts: number; readonly waitMs: number };
}

/** Inputs that identify a group: with another value it is another group. */
const IDENTITY = ["dpsHostName", "enrollmentGroupId"] as const;
/** Inputs that can change on a group that stays. */
const CHANGEABLE = [
  "attestation",
  "product",
  "stratum",
  "ring",
  "hold",
  "iotHubs",
  "allocationPolicy",
  "provisioningStatus",
  "reprovision",
] as const;

/** Enrollment groups of a Device Provisioning Service: they give devices that register themselves their first tags. */
export function enrollmentGroupProvider({ connect, patience }: EnrollmentGroupProviderOptions): ResourceLife {
  const { attempts: maxAttempts, waitMs } = patience;
  const patiently = retry(handleWhen(isDenied), { maxAttempts, backoff: new ConstantBackoff(waitMs) });
  const stateOf = (dpsHostName: string, group: ReceivedGroup, facts: GroupFacts): Properties => ({
    dpsHostName,
    ...factsOfGroup(group, facts),
  });
  return {
    check: (_olds, news) => {
      const { inputs, failures } = checkGroupInputs(news);
      return Promise.resolve({ inputs, failures: [...failures] });
    },
    diff: (_id, olds, news) => {
      const { inputs } = checkGroupInputs(news);
      const isChanged = (key: string): boolean => !isDeepStrictEqual(olds[key], inputs[key]);
      const replaces = IDENTITY.filter((key) => isChanged(key) && !isUnknown(inputs[key]));
      return Promise.resolve({ changes: [...IDENTITY, ...CHANGEABLE].some(isChanged), replaces });
    },
    create: async (inputs) => {
      const { dpsHostName, ...facts } = parseGroupInputs(inputs);
      const { enrollmentGroupId } = facts;
      const id = `${dpsHostName}/${enrollmentGroupId}`;
      const writing = { isInDoubt: false };
      try {
        return await explained(`make enrollment group ${enrollmentGroupId} on ${dpsHostName}`, () =>
          patiently.execute(async () => {
            const groups = await connect(dpsHostName);
            // A write without an etag would replace a group that is there already.
            if ((await groups.get(enrollmentGroupId)) !== undefined)
              throw new DeviceRefusal("it exists already; delete it, or choose another enrollmentGroupId");
            const body = bodyOfGroup(facts, undefined);
            const group = await groups.put(enrollmentGroupId, body, undefined).catch((error: unknown) => {
              writing.isInDoubt = isUncertain(error);
              throw error;
            });
            return { id, outs: stateOf(dpsHostName, group, facts) };
          }),
        );
      } catch (error) {
        if (!writing.isInDoubt) throw error;
        // It may be there. With an id Pulumi keeps it, and the next run writes it again; without one, the next run would
        // meet it as somebody else's.
        const properties = { dpsHostName, ...facts, [PROVIDER_KEY]: inputs[PROVIDER_KEY] };
        const failure = errorFrom(error);
        throw Object.assign(failure, { id, properties, reasons: [failure.message] });
      }
    },
    read: (id, state) => {
      const { dpsHostName, groupId } = partsOf(id);
      return explained(`read enrollment group ${groupId} on ${dpsHostName}`, async () => {
        const found = await (await connect(dpsHostName)).get(groupId);
        // No id tells Pulumi that the resource is gone.
        if (found === undefined) return { id: "", props: {} };
        // What was declared decides how to read what the service leaves open.
        const props = stateOf(dpsHostName, found.group, state as unknown as GroupFacts);
        return { id, props, inputs: props };
      });
    },
    update: async (_id, olds, news) => {
      const { dpsHostName, ...facts } = parseGroupInputs(news);
      const { enrollmentGroupId: id } = facts;
      return explained(`change enrollment group ${id} on ${dpsHostName}`, async () => {
        const groups = await connect(dpsHostName);
        const found = await groups.get(id);
        if (found === undefined) throw new DeviceRefusal("it is gone; run pulumi refresh and pulumi up");
        const heldBefore = olds["hold"] === true && facts.hold === undefined;
        const body = bodyOfGroup(heldBefore ? { ...facts, hold: false } : facts, found.group);
        const group = await groups.put(id, body, found.etag).catch(changedInBetween);
        return { outs: stateOf(dpsHostName, group, facts) };
      });
    },
    delete: (id) => {
      const { dpsHostName, groupId } = partsOf(id);
      return explained(`delete enrollment group ${groupId} on ${dpsHostName}`, async () => {
        const groups = await connect(dpsHostName);
        const found = await groups.get(groupId);
        if (found !== undefined)
          await groups.delete(groupId, found.etag).catch(unlessGone).catch(changedInBetween);
      });
    },
  };
}

/** The provider that Pulumi's plugin loads. */
export const azureEnrollmentGroupProvider = enrollmentGroupProvider({
  connect: connectGroupsByEntra(CALL_RETRIES),
  patience: { attempts: 40, waitMs: 15_000 },
});

function changedInBetween(error: unknown): never {
  if (statusOf(error) !== 412) throw error;
  throw new DeviceRefusal("somebody changed it in between; run pulumi refresh and pulumi up", {
    cause: error,
  });
}

/** An id is `<host name>/<group id>`: neither part has a slash. */
function partsOf(id: string): { readonly dpsHostName: string; readonly groupId: string } {
  const slash = id.indexOf("/");
  return { dpsHostName: id.slice(0, slash), groupId: id.slice(slash + 1) };
}
