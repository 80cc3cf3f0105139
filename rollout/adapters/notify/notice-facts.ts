import type { Notice } from "../../model/notice.ts";

/** What people read of a notice beside its title and reason, in order: names with values. */
export function noticeFacts(notice: Notice): readonly (readonly [name: string, value: string])[] {
  const { release, wave, devices, actor, gate, at, record } = notice;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Product", notice.product],
    ["Release", release],
    ["Wave", wave],
    ["Devices aimed at", devices === undefined ? undefined : String(devices)],
    ["By", actor],
    ["Gate", gate === undefined ? undefined : `${gate.verdict}, guarantee ${gate.guarantee}`],
    ["When", `${at.slice(0, 16).replace("T", " ")} UTC`],
    ["Record", record?.slice(0, 12)],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

/** Most sentences of a gate that people are shown. */
const MOST_REASONS = 5;

/** What the gate said, where its reason does not say so already. */
export function gateLines({ gate, reason }: Notice): readonly string[] {
  return (gate?.reasons ?? [])
    .map(({ text }) => text)
    .filter((text) => !reason.includes(text))
    .slice(0, MOST_REASONS);
}

/** A sentence about notices that were left out; none where none was. */
export function leftOutLines({ leftOut, product }: Notice): readonly string[] {
  return leftOut === undefined
    ? []
    : [`${leftOut} earlier notices were left out: see them all with wavegate history ${product}`];
}
