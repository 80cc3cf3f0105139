import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
// All three come with Pulumi, in the versions its generated messages are made for.
import { credentials } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";
import services from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/analyzer_pb.js";
import type { ProgramRun, Registration } from "./mocked-program.ts";

/** What one policy says of one resource. */
export interface Violation {
  readonly policy: string;
  readonly resource: string;
  readonly message: string;
  readonly isMandatory: boolean;
}

/** Pulumi's real analyzer with our policies, in a process of its own, asked as the engine asks it. */
export interface PolicyAnalyzer extends AsyncDisposable {
  /** Every policy of the pack: its name, and whether a violation stops an update. */
  policies(): Promise<readonly { readonly name: string; readonly isMandatory: boolean }[]>;
  /** Set how strictly policies are enforced, as `--policy-pack-config` does. */
  configure(levels: Readonly<Record<string, "advisory" | "mandatory">>): Promise<void>;
  /** What the pack says of everything a program registers. */
  analyze(run: Pick<ProgramRun, "resources">): Promise<readonly Violation[]>;
}

const { ADVISORY, MANDATORY } = messages.EnforcementLevel;

/** Start the analyzer where Pulumi does, in the folder of the pack. */
export async function startPolicyAnalyzer(): Promise<PolicyAnalyzer> {
  const command = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js");
  const pack = fileURLToPath(new URL("../../infra/policy/", import.meta.url));
  const child = spawn(process.execPath, [command, "127.0.0.1:0", pack], {
    cwd: pack,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const exited = once(child, "exit");
  const port = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("exit", () => {
      reject(new Error(`the analyzer ended before it told its port: ${said}`));
    });
  });
  const client = new services.AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  return {
    policies: async () => {
      const info = await answer<messages.AnalyzerInfo>((done) => client.getAnalyzerInfo(new Empty(), done));
      return info.getPoliciesList().map((policy) => ({
        name: policy.getName(),
        isMandatory: policy.getEnforcementlevel() === MANDATORY,
      }));
    },
    configure: async (levels) => {
      const request = new messages.ConfigureAnalyzerRequest();
      for (const [name, level] of Object.entries(levels)) {
        const config = new messages.PolicyConfig();
        config.setEnforcementlevel(level === "advisory" ? ADVISORY : MANDATORY);
        config.setProperties(Struct.fromJavaScript({}));
        request.getPolicyconfigMap().set(name, config);
      }
      await answer<Empty>((done) => client.configure(request, done));
    },
    analyze: async ({ resources }) => {
      const found: Violation[] = [];
      for (const resource of resources) {
        const response = await answer<messages.AnalyzeResponse>((done) =>
          client.analyze(requestOf(resource), done),
        );
        for (const diagnostic of response.getDiagnosticsList())
          found.push({
            policy: diagnostic.getPolicyname(),
            resource: `${resource.type.split(":").at(-1) ?? ""} ${resource.name}`,
            message: diagnostic.getMessage(),
            isMandatory: diagnostic.getEnforcementlevel() === MANDATORY,
          });
      }
      return found;
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      child.kill();
      await exited;
    },
  };
}

function requestOf({ type, name, inputs, protect }: Registration): messages.AnalyzeRequest {
  const options = new messages.AnalyzerResourceOptions();
  options.setProtect(protect);
  const request = new messages.AnalyzeRequest();
  request.setType(type);
  request.setName(name);
  request.setUrn(`urn:pulumi:test::wavegate::${type}::${name}`);
  // Inputs came over the wire as JSON.
  request.setProperties(Struct.fromJavaScript(inputs as Record<string, JavaScriptValue>));
  // Without options the analyzer takes the engine for one that is too old.
  request.setOptions(options);
  return request;
}

function answer<T>(call: (done: (error: Error | null, response: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}
