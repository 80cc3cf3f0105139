import { dataActionsOf, IDENTITIES_CALLS } from "../../../infra/components/hub-data-actions.ts";
import { startHub, type HubOptions, type LocalHub } from "../../../local/hub/hub.ts";
import { azureStandIn } from "./azure-stand-in.ts";
import { startDynamicPlugin } from "./dynamic-plugin.ts";
import { signInOperator } from "./operator-sign-in.ts";
import { createTestStack, type TestStack } from "./test-stack.ts";

/** A stack of the real program, whose hub is a local one and whose operator has the role that the program makes. */
export interface LocalStack extends AsyncDisposable {
  readonly hub: LocalHub;
  readonly stack: TestStack;
}

const ISSUER_KEY = "only a local hub trusts this key, and only in a test";
const ROLE = "wavegate devices";

/** Start a hub, sign the operator in, start Pulumi's plugin, and make an empty stack. */
export async function startLocalStack({
  configuration,
  hub: hubOptions = {},
  dpsHostName,
  main = "infra/index.ts",
}: {
  /** `wavegate:` keys; structures as JSON. */
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly hub?: HubOptions;
  /** Where the provisioning service is; with a port. */
  readonly dpsHostName?: string;
  readonly main?: string;
}): Promise<LocalStack> {
  await using started = new AsyncDisposableStack();
  const roles = { [ROLE]: dataActionsOf(...IDENTITIES_CALLS) };
  const hub = started.use(await startHub({ ...hubOptions, entra: { issuerKey: ISSUER_KEY, roles } }));
  const operator = started.use(
    await signInOperator({ issuerKey: ISSUER_KEY, roles: [ROLE], caPem: hub.caPem }),
  );
  const plugin = started.use(await startDynamicPlugin(operator.environment));
  const azure = azureStandIn({ hostName: `${hub.hostName}:${hub.httpsPort}`, dpsHostName });
  const stack = createTestStack({ plugin, azure, main, configuration: settingsOf(configuration) });
  const running = started.move();
  return { hub, stack, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Configuration as Pulumi's command line hands it on: structures as JSON, text bare. */
export function settingsOf(configuration: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(configuration).map(([key, value]) => [
      `wavegate:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
