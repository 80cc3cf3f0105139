import { describe, expect, it } from "vitest";
import type { Context, Result } from "../../../../rollout/cli/command.ts";
import { reconcile } from "../../../../rollout/cli/commands/reconcile.ts";
import { status } from "../../../../rollout/cli/commands/status.ts";
import type { Session } from "../../../../rollout/cli/session.ts";
import {
  INSTRUMENTS,
  prometheusLabel,
  prometheusName,
} from "../../../../rollout/cli/telemetry/instruments.ts";
import { renderPrometheus } from "../../../../rollout/cli/views/prometheus.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../../support/declarations.ts";
import { createWorld, type World } from "../../../support/world.ts";

const HOUR = 3_600_000;
const PRODUCT = declared(aRelease("1.1.0"));

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Read the text format to the letter; throws what a scraper would not take [Prometheus: exposition formats]. */
function parse(text: string): readonly Sample[] {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, what = "", name = "", rest = ""] = comment;
      if (what === "TYPE" && (types.has(name) || !/^(gauge|counter)$/.test(rest))) throw new Error(line);
      if (what === "TYPE") types.set(name, rest);
      continue;
    }
    const [, name = "", inner, value = ""] =
      /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (NaN|[+-]?Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line) ?? [];
    if (!types.has(name)) throw new Error(`a sample without a type: ${line}`);
    if (seen.has(`${name}{${inner ?? ""}}`)) throw new Error(`twice: ${line}`);
    seen.add(`${name}{${inner ?? ""}}`);
    const labels: Record<string, string> = {};
    const rest = (inner ?? "").replaceAll(
      /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/g,
      (_, label: string, quoted: string) => {
        if (label in labels) throw new Error(`a label twice: ${line}`);
        labels[label] = quoted.replaceAll(/\\(.)/g, (__, escaped: string) =>
          escaped === "n" ? "\n" : escaped,
        );
        return "";
      },
    );
    if (rest !== "") throw new Error(`no labels: ${rest}`);
    samples.push({ name, labels, value: Number(value) });
  }
  return samples;
}

async function run(
  world: World,
  command: typeof status,
  options: Readonly<Record<string, unknown>>,
  json = false,
): Promise<Result & { readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const { records, images, clock } = world.ports;
  const session = {
    settings: { queryLag: 0, lookEvery: HOUR, otherHubs: [], hub: { name: "plant", tier: "S1", units: 1 } },
    hubs: [{ ...world.hub, name: "plant" }],
    ...{ records, images, clock, actor: "ada" },
    declarations: () => Promise.resolve({ products: [PRODUCT], problems: [] }),
  } as unknown as Session; // The rest of a session is for other commands.
  const context = {
    ...{ session: () => Promise.resolve(session), progress: () => undefined, json },
    output: (line: string) => lines.push(line),
  } as unknown as Context;
  return { ...(await command.run(context, { args: [], options })), lines };
}

describe("wavegate status --prometheus", () => {
  it("prints where a rollout stands, under the names and labels of the telemetry", async () => {
    const world = createWorld({ devices: aFleet(300), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    for (const hours of [0, 0, 4, 4]) {
      world.settle(() => "ok");
      world.advance(hours * HOUR);
      await run(world, reconcile, {});
    }
    world.settle(({ deviceId }) => (deviceId.endsWith("9") ? "silent" : "ok"));
    world.advance(HOUR);
    const { lines, human } = await run(world, status, { prometheus: true });
    expect(human).toBe("");
    const samples = parse(lines.join("\n"));
    const value = (
      name: keyof typeof INSTRUMENTS,
      labels: Readonly<Record<string, string>>,
    ): number | undefined =>
      samples.find(
        (sample) =>
          sample.name === prometheusName(INSTRUMENTS[name]) &&
          Object.entries(labels).every(([label, text]) => sample.labels[`wavegate_${label}`] === text),
      )?.value;
    const release = { product: "thermostat", release: "1.1.0" };
    expect(value("state", { ...release, state: "running" })).toBe(1);
    expect(value("state", { ...release, state: "held" })).toBe(0);
    expect(value("state", { product: "thermostat", release: "1.0.0", state: "adopted" })).toBe(1);
    expect([value("wave", release), value("waves", release)]).toEqual([2, 3]);
    expect(value("personNeeded", { product: "thermostat" })).toBe(0);
    expect(value("lookTime", { product: "thermostat" })).toBe(world.now() / 1_000);
    const stratum = (name: "contacted" | "ok" | "unresolved" | "failed" | "exposed"): number | undefined =>
      value(name, { ...release, stratum: "B" });
    expect(stratum("contacted")).toBe(stratum("exposed"));
    expect(stratum("failed")).toBe(0);
    expect((stratum("ok") ?? 0) + (stratum("unresolved") ?? 0)).toBe(stratum("contacted"));
    expect(stratum("unresolved")).toBeGreaterThan(0);
    for (const verdict of ["abort", "promote"]) {
      expect(value("threshold", { ...release, verdict, view: "wave" })).toBeGreaterThan(1);
      expect(value("evidence", { ...release, verdict, view: "wave", stratum: "A" })).toBeGreaterThan(0);
    }
    for (const { name, labels } of samples) {
      const instrument = Object.values(INSTRUMENTS).find((one) => prometheusName(one) === name);
      expect(Object.keys(labels).sort()).toEqual(instrument?.attributes.map(prometheusLabel).sort());
    }
  });

  it("escapes whatever a stratum is called", async () => {
    const stratum = 'a"b\\c\nd{},= ü';
    const attributes = { "wavegate.product": "p", "wavegate.release": "1.0.0", "wavegate.stratum": stratum };
    const samples = parse(await renderPrometheus([{ instrument: INSTRUMENTS.ok, value: 1e308, attributes }]));
    expect(samples).toEqual([
      {
        name: "wavegate_devices_ok",
        labels: { wavegate_product: "p", wavegate_release: "1.0.0", wavegate_stratum: stratum },
        value: 1e308,
      },
    ]);
  });

  it("is neither JSON nor a watch", async () => {
    const world = createWorld({ devices: [], version: "1.0.0", images: imagesOf() });
    for (const [options, json] of [
      [{ prometheus: true }, true],
      [{ prometheus: true, watch: true }, false],
    ] as const)
      await expect(run(world, status, options, json)).rejects.toMatchObject({ code: "BAD_OPTION" });
  });
});
