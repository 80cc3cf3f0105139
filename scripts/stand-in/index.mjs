/** A provider that makes nothing and answers as azure-native would: `npm run infra:cli` puts it in that one's place. */
import { main } from "@pulumi/pulumi/provider/index.js";
import { azureAnswer } from "../../test/infra/azure-answer.ts";

const GUID = "11111111-1111-4111-8111-111111111111";

await main(
  {
    // The version that the program's package of azure-native asks for.
    version: "3.28.0",
    diff: async (_id, _urn, olds, news) => ({ changes: !holds(olds, news) }),
    create: async (urn, inputs) => {
      const { id, state } = azureAnswer(typeOf(urn), urn.split("::").at(-1), inputs);
      return { id, outs: state };
    },
    update: async (urn, _olds, news) => ({
      outs: azureAnswer(typeOf(urn), urn.split("::").at(-1), news).state,
    }),
    delete: async () => undefined,
    invoke: async () => ({
      outputs: { clientId: GUID, objectId: GUID, tenantId: GUID, subscriptionId: GUID },
    }),
  },
  process.argv.slice(2),
);

/** `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME` */
function typeOf(urn) {
  return urn.split("::")[2].split("$").at(-1);
}

/** Whether a state has all that was set: outputs stand beside inputs, inside of objects too. */
function holds(state, set) {
  if (typeof set !== "object" || set === null) return Object.is(state, set);
  if (typeof state !== "object" || state === null) return false;
  if (Array.isArray(set) && set.length !== state.length) return false;
  return Object.keys(set).every((key) => holds(state[key], set[key]));
}
