// Runs the real program in a Node process of its own, as Pulumi does, with Pulumi's mocks in the place of the engine.
// In this process and not in the test's: Pulumi stores the text of the device provider, and a test runner rewrites it.
// It answers one message with one run, of the program or of a mutant of it.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { azureAnswer } from "./azure-answer.ts";

const INFRA = new URL("../../infra/", import.meta.url).href;

/** One resource that the program registered. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly parent: string;
  readonly protect: boolean;
  readonly dependsOn: readonly string[];
}

/** What a run of the program came to. */
export interface ProgramRun {
  readonly resources: readonly Registration[];
  /** Outputs that are not marked as secret. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

/** One change of the program's text: its old text must be there once, or the mutant has outlived its place. */
export interface Mutant {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** What the test's process asks for. */
export interface ProgramRequest {
  readonly entries: Readonly<Record<string, string>>;
  readonly mutants: readonly Mutant[];
}

/** The mutants of each run that has some. Their modules are loaded anew, under an address that names the run. */
const mutantsOf = new Map<string, readonly Mutant[]>();
registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const run = runNamedBy(context.parentURL);
    if (run === null || !mutantsOf.has(run) || !resolved.url.startsWith(INFRA)) return resolved;
    return { ...resolved, url: `${resolved.url}?run=${run}` };
  },
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const mutants = mutantsOf.get(runNamedBy(url) ?? "") ?? [];
    const here = mutants.filter(({ file }) => new URL(url).pathname.endsWith(`/${file}`));
    if (here.length === 0) return loaded;
    const source = here.reduce(
      (text, { file, find, replace }) => {
        const places = text.split(find).length - 1;
        if (places !== 1) throw new Error(`the mutant of ${file} finds its text ${places} times: ${find}`);
        return text.replace(find, () => replace);
      },
      readFileSync(fileURLToPath(url), "utf8"),
    );
    return { ...loaded, source };
  },
});

function runNamedBy(url: string | undefined): string | null {
  return url?.startsWith(INFRA) === true ? new URL(url).searchParams.get("run") : null;
}

let runs = 0;
async function runOnce({ entries, mutants }: ProgramRequest): Promise<ProgramRun> {
  const resources: Registration[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => azureAnswer(type, name, inputs as Record<string, unknown>),
      call: ({ token, inputs }) =>
        token === "azure-native:authorization:getClientConfig"
          ? {
              objectId: "object-of-whoever-runs-pulumi",
              tenantId: "22222222-2222-2222-2222-222222222222",
              subscriptionId: "11111111-1111-1111-1111-111111111111",
            }
          : (inputs as Record<string, unknown>),
    },
    "wavegate",
    "test",
  );
  // Mocks are not told of parents, protection and dependencies: those are read off the request itself.
  const monitor = pulumi.runtime.getMonitor();
  if (monitor === undefined) throw new Error("Pulumi's mocks started no monitor");
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = ((...[request, ...rest]: Parameters<typeof register>) => {
    resources.push({
      type: request.getType(),
      name: request.getName(),
      inputs: request.getObject()?.toJavaScript() ?? {},
      parent: request.getParent().split("::").slice(2).join("::"),
      protect: request.getProtect() === true,
      dependsOn: request.getDependenciesList().map((urn) => urn.split("::").slice(2).join("::")),
    });
    return register(request, ...rest);
  }) as typeof register;

  // The configuration comes as Pulumi's language host passes it: an object of texts.
  pulumi.runtime.setAllConfig({ ...entries });
  const outputs: Record<string, unknown> = {};
  let error: string | undefined;
  try {
    runs += 1;
    if (mutants.length > 0) mutantsOf.set(String(runs), mutants);
    const program = (await import(`../../infra/index.ts?run=${runs}`)) as Record<string, unknown>;
    // Outputs are all the program exports.
    for (const [name, value] of Object.entries(program)) {
      if (!pulumi.Output.isInstance<object>(value)) continue;
      const known = await new Promise((resolve) => value.apply(resolve));
      if (!(await pulumi.isSecret(value))) outputs[name] = known;
    }
    // Every resource announces itself when it is constructed, so this waits for the last of them.
    await pulumi.runtime.disconnect();
  } catch (caught) {
    error = caught instanceof pulumi.RunError ? caught.message : String(caught);
  }
  return { resources, outputs, ...(error === undefined ? {} : { error }) };
}

process.on("message", (request: ProgramRequest) => {
  void runOnce(request).then((run) => process.send?.(run));
});
