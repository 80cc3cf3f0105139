import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { notifySchema } from "../../rollout/cli/settings/notify-settings.ts";
import { INSTRUMENTS, prometheusLabel, prometheusName } from "../../rollout/cli/telemetry/instruments.ts";
import { NOTICE_KINDS, severityOf, TOLD_BY_DEFAULT } from "../../rollout/model/notice.ts";

const DOC = await readFile(new URL("../../docs/notifications.md", import.meta.url), "utf8");

/** What stands under a heading, up to the next one. */
function section(heading: string): string {
  const found = DOC.split(/^#+ /m).find((one) => one.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`docs/notifications.md has no "${heading}"`);
  return found;
}

/** Rows of the table under a heading, as cells. */
function table(heading: string): readonly (readonly string[])[] {
  const rows = section(heading)
    .split("\n")
    .filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function json(heading: string): unknown {
  return JSON.parse(/```json\n(.*?)```/s.exec(section(heading))?.[1] ?? "") as unknown;
}

describe("docs/notifications.md", () => {
  it("lists the metrics that there are, with their names for Prometheus, units and attributes", () => {
    expect(table("Metrics")).toEqual(
      Object.values(INSTRUMENTS).map((instrument) => [
        ...[
          `\`${instrument.name}\``,
          `\`${prometheusName(instrument)}\``,
          instrument.kind,
          `\`${instrument.unit}\``,
        ],
        ...[instrument.attributes.map((name) => `\`${name}\``).join(", "), instrument.description],
      ]),
    );
  });

  it("alerts by metrics and labels that there are", () => {
    const rules = /```yaml\n(.*?)```/s.exec(section("Prometheus"))?.[1] ?? "";
    const names = Object.values(INSTRUMENTS).flatMap((instrument) => {
      const name = prometheusName(instrument);
      return instrument.kind === "histogram" ? [`${name}_count`] : [name];
    });
    const labels = Object.values(INSTRUMENTS).flatMap(({ attributes }) => attributes.map(prometheusLabel));
    const used = [...rules.matchAll(/\b(wavegate_\w+|error_type)\b/g)].map(([name]) => name);
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((name) => ![...names, ...labels].includes(name))).toEqual([]);
  });

  it("lists the kinds of notices, which of them are told by default, and how urgent they are", () => {
    expect(table("What is told").map(([kind, isDefault]) => [kind, isDefault])).toEqual(
      NOTICE_KINDS.map((kind) => [`\`${kind}\``, TOLD_BY_DEFAULT.includes(kind) ? "yes" : ""]),
    );
    const [, critical = "", warning = ""] =
      /\n([^\n]*?) are `critical`; (.*?) are a `warning`; all else is `info`/.exec(section("What is told")) ??
      [];
    for (const [severity, words] of [
      ["critical", critical],
      ["warning", warning],
    ] as const)
      expect([...words.matchAll(/`(.*?)`/g)].map(([, kind]) => kind).sort()).toEqual(
        NOTICE_KINDS.filter((kind) => severityOf(kind) === severity).sort(),
      );
  });

  it("shows settings that are taken", () => {
    const { notify } = json("Channels") as { readonly notify: unknown };
    expect(notifySchema.parse(notify).channels.map(({ kind }) => kind)).toEqual([
      "slack",
      "teams",
      "grafana",
      "webhook",
    ]);
  });

  it("shows the body of a webhook with the fields that it has", async () => {
    const golden = new URL("adapters/notify/golden/webhook.json", import.meta.url);
    const shown = json("Webhook") as { readonly data: object };
    const sent = JSON.parse(await readFile(golden, "utf8")) as { readonly data: object };
    expect(Object.keys(shown)).toEqual(Object.keys(sent));
    expect(Object.keys(shown.data).sort()).toEqual(Object.keys(sent.data).sort());
  });
});
