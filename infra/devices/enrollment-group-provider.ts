import { isDeepStrictEqual } from "node:util";
import { CALL_RETRIES, retryWhileDenied, ROLE_PATIENCE, type RolePatience } from "./call-retry.ts";
import { bodyOfGroup, factsOfGroup, type GroupFacts, type ReceivedGroup } from "./enrollment-group-body.ts";
import { connectGroupsByEntra, type ConnectGroups } from "./enrollment-group-calls.ts";
import { checkGroupInputs, parseGroupInputs } from "./enrollment-group-settings.ts";
import { errorFrom, explained, Refusal, statusOf, unlessGone } from "./registry-failure.ts";
import { isUnknown, PROVIDER_KEY } from "./resource-inputs.ts";
import { partsOf, type Properties, type ResourceLife } from "./resource-life.ts";

/** What the provider of enrollment groups needs to know. */
export interface EnrollmentGroupProviderOptions {
  readonly connect: ConnectGroups;
  /** With a service that does not allow a new group yet. */
  readonly patience: RolePatience;
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
  const patiently = retryWhileDenied(patience);
  const stateOf = (dpsHostName: string, group: ReceivedGroup, facts: GroupFacts): Properties => ({
    dpsHostName,
    ...factsOfGroup(group, facts),
  });
  return {
    check: (_olds, news) => Promise.resolve(checkGroupInputs(news)),
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
      const doubt = { wasUncertain: false };
      try {
        return await explained(`make enrollment group ${enrollmentGroupId} on ${dpsHostName}`, () =>
          patiently.execute(async () => {
            const groups = await connect(dpsHostName);
            // A write without an etag would replace a group that is there already.
            if ((await groups.get(enrollmentGroupId)) !== undefined)
              throw new Refusal("it exists already; delete it, or choose another enrollmentGroupId");
            const body = bodyOfGroup(facts, undefined);
            const group = await groups.put(enrollmentGroupId, body, { doubt });
            return { id, outs: stateOf(dpsHostName, group, facts) };
          }),
        );
      } catch (error) {
        if (!doubt.wasUncertain) throw error;
        // It may be there. With an id Pulumi keeps it, and the next run writes it again; without one, the next run would
        // meet it as somebody else's.
        const properties = { dpsHostName, ...facts, [PROVIDER_KEY]: inputs[PROVIDER_KEY] };
        const failure = errorFrom(error);
        throw Object.assign(failure, { id, properties, reasons: [failure.message] });
      }
    },
    read: (id, state) => {
      const { hostName: dpsHostName, name: groupId } = partsOf(id);
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
        if (found === undefined) throw new Refusal("it is gone; run pulumi refresh and pulumi up");
        const heldBefore = olds["hold"] === true && facts.hold === undefined;
        const body = bodyOfGroup(heldBefore ? { ...facts, hold: false } : facts, found.group);
        const group = await groups.put(id, body, { etag: found.etag }).catch(changedInBetween);
        return { outs: stateOf(dpsHostName, group, facts) };
      });
    },
    delete: (id) => {
      const { hostName: dpsHostName, name: groupId } = partsOf(id);
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
  patience: ROLE_PATIENCE,
});

function changedInBetween(error: unknown): never {
  if (statusOf(error) !== 412) throw error;
  throw new Refusal("somebody changed it in between; run pulumi refresh and pulumi up", {
    cause: error,
  });
}
