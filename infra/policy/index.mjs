// Pulumi loads a pack through ts-node, which takes no ES modules in TypeScript. Imported from here, Node strips the types
// itself [pulumi: sdk/nodejs/cmd/run-policy-pack/run.ts].
import "./pack.ts";
