// The import table of docs/architecture.md. One row a layer: whom it may import; everything else of ours is forbidden.
const layers = {
  "rollout/cli": ["adapters", "reconcile", "engine", "plan", "forecast", "page", "gate", "model"].map(
    (l) => `rollout/${l}`,
  ),
  "rollout/reconcile": ["rollout/engine", "rollout/plan", "rollout/gate", "rollout/model"],
  "rollout/adapters": ["rollout/reconcile/ports\\.ts", "rollout/model"],
  "rollout/engine": ["rollout/plan", "rollout/gate", "rollout/model"],
  "rollout/forecast": ["rollout/gate", "rollout/engine", "rollout/model"],
  "rollout/page": ["forecast", "engine", "plan", "gate", "model"].map((l) => `rollout/${l}`),
  "rollout/plan": ["rollout/gate", "rollout/model"],
  "rollout/gate": ["rollout/model"],
  "rollout/model": [],
  infra: ["rollout/model/(twin-contract|bucket)\\.ts"],
  device: ["rollout/model/(twin-contract|bucket|manifest|signing-key|maintenance-window)\\.ts"],
  "local/hub": [],
};
const OURS = "^(infra|rollout|device|local|test|bench|scripts)/";

module.exports = {
  forbidden: [
    ...Object.entries(layers).map(([layer, allowed]) => ({
      name: `layer-${layer.replaceAll("/", "-")}`,
      comment: `${layer} may import only: ${allowed.join(", ") || "nothing of ours"}`,
      severity: "error",
      from: { path: `^${layer}/` },
      to: {
        path: OURS,
        pathNot: [`^${layer}/`, ...allowed.map((a) => `^${a}${a.endsWith(".ts") ? "$" : "/"}`)],
      },
    })),
    {
      name: "local-stands-on-hub-and-device",
      severity: "error",
      from: { path: "^local/", pathNot: "^local/hub/" },
      to: { path: OURS, pathNot: "^(local|device)/" },
    },
    {
      name: "declarations-know-wavegate-only",
      comment:
        "Releases, overrides and the fleet are data: they import the package by its name and nothing else.",
      severity: "error",
      from: { path: "^rollout/(releases/|overrides/|fleet\\.ts$)" },
      to: { pathNot: "^rollout/wavegate\\.ts$" },
    },
    {
      name: "nothing-imports-tests",
      severity: "error",
      from: { path: "^(infra|rollout|device|local)/" },
      to: { path: "^(test|bench|scripts)/" },
    },
    {
      name: "conformance-has-one-door",
      comment:
        "What the cases say of a hub has to be true of Azure's too: only the file that opens it may know which it is.",
      severity: "error",
      from: { path: "^test/conformance/", pathNot: "/(hub-under-test|upkeep\\.test)\\.ts$" },
      to: { path: "^(local|test/local)/" },
    },
    {
      name: "azure-sdks-at-the-edge",
      severity: "error",
      from: { path: "^(rollout|local)/", pathNot: "^(rollout/adapters/|local/(?!hub/))" },
      to: { path: "node_modules/(azure-iot|@azure/|@pulumi/)" },
    },
    {
      name: "listr2-in-views",
      severity: "error",
      from: { path: "^(infra|rollout|device|local)/", pathNot: "^rollout/cli/views/" },
      to: { path: "node_modules/listr2/" },
    },
    {
      name: "model-stays-small",
      severity: "error",
      from: { path: "^rollout/model/" },
      to: {
        pathNot: [
          "^rollout/model/",
          "node_modules/(zod|canonicalize|semver|@types/semver)/",
          "^(node:)?crypto$",
        ],
      },
    },
    {
      name: "pure-layers-do-no-io",
      severity: "error",
      from: {
        path: "^(rollout/(gate|plan|engine|forecast|page)/|device/(updater|update-step|update-end|after-boot|desired-change|device-state|firmware-request|firmware-section|latch|trust|floor|failure)\\.ts$)",
      },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?crypto$" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      from: {
        orphan: true,
        path: OURS,
        pathNot: [
          "\\.test\\.ts$",
          "^test/fixtures/",
          "^rollout/(releases/|overrides/|fleet\\.ts$)",
          "^scripts/",
          "^bench/",
          "^infra/index\\.ts$",
          // Inlined into pages as text.
          "^rollout/page/browser/",
          "\\.d\\.ts$",
        ],
      },
      to: {},
    },
    {
      name: "names-that-say-nothing",
      severity: "error",
      from: {},
      to: {
        path: "^(infra|rollout|device|local|test)/(|.*/)(util|utils|helper|helpers|types|interfaces|misc|common)[.]ts$",
      },
    },
    { name: "not-to-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
      mainFields: ["main"],
    },
  },
};
