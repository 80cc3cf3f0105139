import { defineConfig } from "eslint/config";
import prettier from "eslint-config-prettier";
import tseslint from "typescript-eslint";

const PURE_LAYERS = [
  "rollout/{model,gate,plan,engine,forecast,page}/**/*.ts",
  // The same files as in .dependency-cruiser.cjs.
  "device/{updater,update-step,update-end,after-boot,desired-change,device-state,firmware-request,firmware-section,latch,trust,floor,failure}.ts",
];

export default defineConfig(
  { ignores: ["node_modules/", "dist/", ".wavegate/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/only-throw-error": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      // Records read from wire formats are indexed by strings: `x["key"]` is the honest spelling (tsconfig asks for it).
      "@typescript-eslint/dot-notation": "off",
      "max-lines": ["warn", { max: 250, skipBlankLines: true, skipComments: true }],
      eqeqeq: "error",
      "no-console": "error",
    },
  },
  {
    // Decisions are functions of values: time, chance, files and processes are passed in (docs/architecture.md).
    files: PURE_LAYERS,
    rules: {
      "no-restricted-globals": [
        "error",
        { name: "Date", message: "Time is an input: pass milliseconds in." },
        { name: "process", message: "Pure layers know no process." },
        { name: "fetch", message: "Pure layers do no I/O." },
        { name: "setTimeout", message: "Pure layers do not wait." },
        { name: "setInterval", message: "Pure layers do not wait." },
      ],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Chance is an input: pass a seed in." },
      ],
    },
  },
  {
    files: ["**/*.js", "**/*.mjs", "**/*.cjs"],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { "no-console": "off" },
  },
  { files: ["scripts/**", "bench/**"], rules: { "no-console": "off" } },
  {
    files: ["test/**"],
    rules: {
      // fast-check and vitest hand out assertions by property; literal fixtures are asserted, not guarded.
      "@typescript-eslint/no-non-null-assertion": "off",
      "max-lines": ["warn", { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  prettier,
);
