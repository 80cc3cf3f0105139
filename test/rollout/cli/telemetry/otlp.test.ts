import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../../rollout/adapters/clock.ts";
import { folderFiles } from "../../../../rollout/adapters/folder-records.ts";
import { iotHub } from "../../../../rollout/adapters/iot-hub.ts";
import { recordsIn } from "../../../../rollout/adapters/records-in-files.ts";
import { connectRegistry } from "../../../../rollout/adapters/registry.ts";
import {
  filesWithin,
  imagesWithin,
  metricsWithin,
} from "../../../../rollout/adapters/telemetry/around-ports.ts";
import type { Telemetry } from "../../../../rollout/adapters/telemetry/telemetry.ts";
import type { Command, Context } from "../../../../rollout/cli/command.ts";
import { apply } from "../../../../rollout/cli/commands/apply.ts";
import { reconcile } from "../../../../rollout/cli/commands/reconcile.ts";
import { status } from "../../../../rollout/cli/commands/status.ts";
import { main } from "../../../../rollout/cli/main.ts";
import type { Session } from "../../../../rollout/cli/session.ts";
import { INSTRUMENTS } from "../../../../rollout/cli/telemetry/instruments.ts";
import { aroundHub } from "../../../../rollout/cli/telemetry/around-hub.ts";
import { openWantedTelemetry } from "../../../../rollout/cli/telemetry/open-wanted-telemetry.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../../support/declarations.ts";
import { startScriptedService } from "../../../support/scripted-service.ts";
import { createWorld, type World } from "../../../support/world.ts";
import { attributesOf, startOtlpReceiver, type OtlpReceiver } from "./otlp-receiver.ts";

const HOUR = 3_600_000;
/** With a metric, so that its source is asked too. */
const PRODUCT = declared(
  aRelease("1.1.0", {
    gate: {
      ...aRelease("1.1.0").gate,
      metrics: [
        {
          name: "heat",
          ...{ source: "lab", query: "heat", judge: { kind: "limit", above: 80 }, freshness: "1 hour" },
          mode: "shadow",
        },
      ],
    },
  }),
);

let receiver: OtlpReceiver;
let folder: string;
let warnings: string[];
beforeEach(async () => {
  receiver = await startOtlpReceiver();
  folder = await mkdtemp(join(tmpdir(), "wavegate-otlp-"));
  warnings = [];
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20very-secret");
  vi.stubEnv("OTEL_SERVICE_NAME", "fleet");
  vi.stubEnv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=production");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await receiver[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function opened(): Promise<Telemetry> {
  const telemetry = await openWantedTelemetry(process.env, (line) => warnings.push(line));
  if (telemetry === undefined) throw new Error("nothing was opened");
  return telemetry;
}

/** Run a command as the command line does, on a world whose store and sources are measured. */
async function run(
  world: World,
  command: Command,
  name: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const telemetry = await opened();
  const { around } = telemetry;
  const session = {
    settings: {
      ...{ queryLag: 0, lookEvery: HOUR, otherHubs: [] },
      hub: { name: "plant", tier: "S1", units: 1 },
    },
    hubs: [{ ...world.hub, name: "plant" }],
    records: recordsIn(filesWithin(around, folderFiles(folder))),
    images: imagesWithin(around, world.ports.images),
    metrics: metricsWithin(around, {
      sources: ["lab"],
      measure: () => Promise.resolve({ state: "measured", byStratum: { "*": 20 } }),
    }),
    ...{ clock: world.ports.clock, actor: "ada lovelace" },
    declarations: () => Promise.resolve({ products: [PRODUCT], problems: [] }),
  } as unknown as Session; // The rest of a session is for other commands.
  const context = {
    ...{ session: () => Promise.resolve(session), progress: () => undefined, telemetry },
    signal: new AbortController().signal,
  } as unknown as Context;
  await around({ name: `wavegate ${name}` }, () => command.run(context, { args: ["thermostat"], options }));
  await telemetry.end();
}

/** Names of spans as the documents list them; words in capitals stand for others. */
async function documentedSpans(): Promise<readonly RegExp[]> {
  const text = await readFile(new URL("../../../../docs/notifications.md", import.meta.url), "utf8");
  const rows = (/### Spans\n.*?(?=\n#)/s.exec(text)?.[0] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`(.*?)`/g)].map(
      ([, name = ""]) => new RegExp(`^${name.replace(/[A-Z]{2,}/, "[a-z ]+")}$`),
    ),
  );
}

describe("the telemetry of a whole small rollout", () => {
  it("is one tree a run, under known names, and every metric of the list but those of a hub's calls", async () => {
    const world = createWorld({ devices: aFleet(300), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    await run(world, apply, "apply", { wait: false });
    for (let looks = 0; looks < 4; looks++) {
      world.settle(({ stratum }) => (stratum === "B" && looks > 1 ? "failed" : "ok"));
      world.advance(4 * HOUR);
      await run(world, reconcile, "reconcile");
    }
    await run(world, status, "status");
    expect({ warnings, refused: receiver.refused }).toEqual({ warnings: [], refused: [] });
    const traces = Map.groupBy(receiver.spans, ({ traceId }) => traceId);
    expect(traces.size).toBe(6);
    for (const spans of traces.values()) {
      const ids = new Set(spans.map(({ spanId }) => spanId));
      expect(ids.size).toBe(spans.length);
      const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
      expect(roots.map(({ name }) => name)).toEqual([expect.stringMatching(/^wavegate /)]);
      expect(
        spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId)),
      ).toEqual([]);
    }
    const parents = new Map(receiver.spans.map(({ spanId, name }) => [spanId, name]));
    const names = new Set(
      receiver.spans.map(({ name, parentSpanId }) => `${parents.get(parentSpanId ?? "") ?? ""} > ${name}`),
    );
    for (const path of [
      ...[" > wavegate apply", " > wavegate reconcile", " > wavegate status"],
      ...["wavegate apply > look", "wavegate reconcile > look", "look > observe", "look > decide"],
      ...["look > create", "look > record", "look > write", "look > stop", "look > record store: append"],
      ...["observe > record store: read", "observe > record store: list", "decide > metric source: query"],
      ...["record > record store: create", "record > record store: replace", "decide > image store: read"],
    ])
      expect([...names]).toContain(path);
    const documented = await documentedSpans();
    const unknown = receiver.spans.filter(({ name }) => !documented.some((one) => one.test(name)));
    expect(unknown.map(({ name }) => name)).toEqual([]);
    const told = new Set(receiver.metrics.map(({ name }) => name));
    const wanted = Object.values(INSTRUMENTS).map(({ name }) => name);
    expect([...told].sort()).toEqual(wanted.filter((name) => !name.startsWith("wavegate.hub.")).sort());
  }, 30_000);

  it("holds no device, no person and no secret, and says whose it is as the standard variables do", async () => {
    const world = createWorld({ devices: aFleet(300), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    await run(world, apply, "apply", { wait: false });
    world.settle(() => "ok");
    await run(world, reconcile, "reconcile");
    const sent = receiver.service.asked.map(({ body }) => body).join("\n");
    expect(sent).not.toMatch(/device-\d|lovelace|very-secret|Bearer/);
    expect(
      receiver.service.asked.every(({ headers }) => headers.authorization === "Bearer very-secret"),
    ).toBe(true);
    expect(receiver.resources[0]).toMatchObject({
      "service.name": "fleet",
      "deployment.environment.name": "production",
    });
    const ok = receiver.metrics.filter(({ name }) => name === INSTRUMENTS.ok.name).at(-1);
    expect(
      ok?.gauge?.dataPoints.map((found) => ({
        ...attributesOf(found),
        value: found["asInt"] ?? found["asDouble"],
      })),
    ).toContainEqual({
      ...{ "wavegate.product": "thermostat", "wavegate.release": "1.1.0", "wavegate.stratum": "A", value: 6 },
    });
  }, 30_000);
});

describe("the calls of a hub", () => {
  it("are a span a request, with what refused it, and are counted by class", async () => {
    await using service = await startScriptedService();
    const telemetry = await opened();
    const registry = connectRegistry({
      kind: "connection string",
      connectionString: service.connectionString,
      ca: service.caPem,
    });
    const clock = { ...systemClock(), sleep: () => Promise.resolve() };
    const hub = iotHub({
      name: "plant",
      registry,
      clock,
      tier: "S1",
      units: 1,
      around: aroundHub(telemetry),
    });
    service.script = [{ status: 429 }, { status: 200, body: "[]" }, { status: 412 }];
    await hub.list();
    await expect(hub.remove("fw--thermostat--1-0-0--1", "e")).rejects.toMatchObject({ code: "HUB_CONFLICT" });
    await telemetry.end();
    expect(
      receiver.spans.map(({ name, kind, status: { code }, attributes }) => [
        name,
        kind,
        code,
        attributesOf({ attributes })["error.type"],
      ]),
    ).toEqual([
      ["hub: list configurations", 3, 2, "HUB_THROTTLED"],
      ["hub: list configurations", 3, 0, undefined],
      ["hub: delete configuration", 3, 2, "HUB_CONFLICT"],
    ]);
    const [calls] = receiver.metrics;
    expect(calls?.name).toBe("wavegate.hub.call.duration");
    expect(
      calls?.histogram?.dataPoints.map((found) => ({ ...attributesOf(found), count: found["count"] })),
    ).toContainEqual({
      ...{ "wavegate.hub": "plant", "wavegate.hub.call.class": "configuration" },
      ...{ "wavegate.hub.call.operation": "list configurations", "error.type": "HUB_THROTTLED", count: 1 },
    });
  });
});

describe("the command line with an endpoint", () => {
  /** Run it in this process; returns what it wrote on standard error. */
  async function wavegate(
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly err: string }> {
    const file = join(folder, "settings.json");
    await writeFile(join(folder, "fleet.ts"), "export default { products: { thermostat: {} } };\n");
    await writeFile(
      file,
      JSON.stringify({
        schemaVersion: 1,
        hub: {
          name: "nowhere",
          connectionString: "HostName=localhost:1;SharedAccessKeyName=s;SharedAccessKey=AAAA",
        },
        images: { base: "https://localhost:1/firmware", credential: { kind: "azure-cli" } },
        records: { folder: "store" },
        declarations: { fleet: "fleet.ts", releases: "releases" },
      }),
      { mode: 0o600 },
    );
    vi.stubEnv("WAVEGATE_SETTINGS", file);
    let err = "";
    const spies = [
      vi.spyOn(process.stdout, "write").mockImplementation(() => true),
      vi.spyOn(process.stderr, "write").mockImplementation((text) => {
        err += String(text);
        return true;
      }),
    ];
    try {
      return { code: await main(args), err };
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  }

  it("has sent everything when it ends, with the code it ends in", async () => {
    expect(await wavegate("history")).toEqual({ code: 0, err: "" });
    expect(receiver.spans.map(({ name, attributes }) => [name, attributesOf({ attributes })])).toContainEqual(
      ["wavegate history", { "process.exit.code": 0 }],
    );
    expect(receiver.refused).toEqual([]);
  });

  it("only warns when nobody answers there, in bounded time", async () => {
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    vi.stubEnv("OTEL_EXPORTER_OTLP_TIMEOUT", "300");
    const { code, err } = await wavegate("history");
    expect(code).toBe(0);
    expect(err).toBe("warning: traces could not be sent: see OTEL_EXPORTER_OTLP_ENDPOINT\n");
  });

  it.each([
    ["OTEL_SDK_DISABLED", "true"],
    ["OTEL_TRACES_EXPORTER", "none"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", ""],
  ])("sends no trace with %s=%s", async (name, value) => {
    vi.stubEnv(name, value);
    expect(await wavegate("history")).toEqual({ code: 0, err: "" });
    expect(receiver.spans).toEqual([]);
  });
});
