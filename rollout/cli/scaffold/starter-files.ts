import { USUAL_PLACES } from "../declarations/declarations.ts";

/** Files of a new repository by their paths, with what stands in them; package.json is another matter. */
export function starterFiles(product: string): ReadonlyMap<string, string> {
  return new Map([
    ["rollout/fleet.ts", fleetFile(product)],
    ["rollout/releases/.gitkeep", ""],
    ["tsconfig.json", json(TSCONFIG)],
    ["wavegate.settings.example.json", json(SETTINGS_EXAMPLE)],
    [".gitignore", GITIGNORE],
    ["README.md", readme(product)],
  ]);
}

/** A value as a file of JSON. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Settings hold keys, records are the rollout's own. */
const GITIGNORE = `node_modules
.wavegate/
wavegate.settings.json
records/
*.private.pem
`;

/** What Node runs without a build: types that can be stripped, and modules. */
const TSCONFIG = {
  compilerOptions: {
    target: "es2024",
    module: "nodenext",
    types: [],
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  },
  include: ["rollout"],
};

const SETTINGS_EXAMPLE = {
  schemaVersion: 1,
  hub: { name: "production", hostName: "HUB.azure-devices.net", credential: { kind: "azure-cli" } },
  images: { base: "https://ACCOUNT.blob.core.windows.net/firmware", credential: { kind: "azure-cli" } },
  records: {
    container: "https://ACCOUNT.blob.core.windows.net/records",
    credential: { kind: "azure-cli" },
  },
  declarations: USUAL_PLACES,
};

function fleetFile(product: string): string {
  return `import { defineFleet } from "wavegate";

export default defineFleet({
  products: {
    // Devices whose tag \`product\` is "${product}" take the same firmware.
    ${JSON.stringify(product)}: {
      // What they run today, so that a release that is stopped has something to return to. Adopting it writes to no
      // device. The image has to be in the image store: \`sha256sum FILE\`, \`wc -c < FILE\`.
      // adopt: {
      //   version: "1.0.0",
      //   artifact: { path: "sha256/….bin", sha256: "…", size: 0, manifest: "", signature: "" },
      // },
    },
  },
  activeWithin: "7 days",
});
`;
}

function readme(product: string): string {
  return `# Firmware rollouts

\`rollout/fleet.ts\` says which products there are and what they run, \`rollout/releases/\` holds one file a release.
Both are data: they are reviewed in pull requests, and [wavegate](node_modules/wavegate/README.md) carries them out on
Azure IoT Hub.

\`\`\`
npm install                                          # wavegate and the compiler
cp wavegate.settings.example.json wavegate.settings.json   # then name your hub and your storage
npm run check                                        # types, and what speaks against the declarations
npx wavegate release add FILE --product ${product} --release 1.1.0
npx wavegate plan                                    # what would change, for whom, and the way back
npx wavegate apply                                   # Ctrl-C stops watching, never the rollout
npx wavegate status
\`\`\`

\`wavegate.settings.json\` is in no commit: it may hold keys. A pipeline names the same by \`WAVEGATE_*\` variables.
`;
}
