import type { Exposure } from "../../engine/exposure.ts";
import type { Outlook, WaveOutlook } from "../../engine/outlook.ts";
import { withThousands } from "../../gate/format-evidence.ts";
import { formatInstant } from "../../model/instant.ts";
import { counted } from "./numbers.ts";

/** How a release goes on, for people: a line a wave that is not passed, then what may delay it. */
export function outlookLines(outlook: Outlook, exposure: Exposure | undefined): string[] {
  const { waves, completesAt, later } = outlook;
  const ahead = waves.filter(({ state }) => state !== "passed");
  if (ahead.length === 0) return [];
  const hasParts = ahead.some(({ opensFullyAt }) => opensFullyAt !== undefined);
  const rows = [
    ["wave", "opens", ...(hasParts ? ["last part"] : []), "judged from", "devices"],
    ...ahead.map((wave) => [
      wave.name,
      wave.opensAt === undefined ? "never" : formatInstant(wave.opensAt),
      ...(hasParts ? [instant(wave.opensFullyAt)] : []),
      instant(wave.judgedAt),
      devicesOf(wave, exposure),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    `    ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
  const reached =
    exposure === undefined
      ? []
      : [`${counted(exposure.exposed, "device")} exposed, ${withThousands(exposure.unexposed)} to come`];
  const end =
    completesAt === undefined ? "never complete" : `complete at the earliest ${formatInstant(completesAt)}`;
  return [
    `    ${[...reached, end].join("; ")}`,
    ...table,
    ...later.map((reason, index) => `    ${index === 0 ? "later if  " : "          "}${reason}`),
  ];
}

function instant(ms: number | undefined): string {
  return ms === undefined ? "" : formatInstant(ms);
}

/** What a wave adds; of one that opens in parts how many of those are exposed. */
function devicesOf({ name, state }: WaveOutlook, exposure: Exposure | undefined): string {
  const wave = exposure?.waves.find((other) => other.name === name);
  if (wave?.adds === undefined) return "";
  const whole = withThousands(wave.adds);
  const isPart = state === "open" && wave.exposed !== undefined && wave.exposed < wave.adds;
  return isPart ? `${withThousands(wave.exposed ?? 0)} of ${whole}` : whole;
}
