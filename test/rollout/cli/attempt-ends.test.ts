import { describe, expect, it } from "vitest";
import { attemptEnds, isAtRest, type AttemptEnd } from "../../../rollout/cli/attempt-ends.ts";
import { stopIssue, stopTitle } from "../../../rollout/cli/views/journal-issue.ts";
import { headOf } from "../../../rollout/model/labels.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { readChain } from "../../../rollout/reconcile/store-view.ts";
import type { StopKind } from "../../../rollout/model/stop.ts";
import type { World } from "../../support/world.ts";
import { HOUR, inCanary, PRODUCT, REF, rest } from "../reconcile/in-canary.ts";

async function endOf(world: World): Promise<AttemptEnd> {
  const head = headOf(world.configuration(REF)?.labels ?? {});
  const chain = head === undefined ? undefined : await readChain(world.ports.records, "thermostat", head);
  const [end] = attemptEnds(chain ?? []);
  if (end === undefined) throw new Error("no attempt is recorded");
  return end;
}

async function stop(world: World, kind: StopKind, reason: string): Promise<void> {
  await stopRelease({ kind, product: "thermostat", actor: "ada", reason }, world.ports);
  await rest(world);
}

describe("what became of an attempt", () => {
  it("is nothing while it runs", async () => {
    const end = await endOf(await inCanary());
    expect(end).toMatchObject({ attempt: "fw--thermostat--1-1-0--1" });
    expect([end.stoppedBy, end.followedBy, end.completedBy, isAtRest(end)]).toEqual([
      ...[undefined, undefined, undefined, false],
    ]);
  });

  it("is a hold until it is resumed, and the last stop of several", async () => {
    const world = await inCanary();
    await stop(world, "hold", "support sees odd calls");
    const held = await endOf(world);
    expect([held.stoppedBy?.record.kind, isAtRest(held)]).toEqual(["hold", true]);
    expect(stopTitle("thermostat", held)).toBe("thermostat 1.1.0 is held and waits for a person");
    expect(stopIssue("thermostat", held, { revert: undefined })).toMatch(
      /\*\*support sees odd calls\*\*[^]*\| Stopped by \| ada \|[^]*\| Gate \| hold, guarantee smoke \|[^]*wavegate resume thermostat/,
    );
    await resume(PRODUCT, world.ports, { actor: "ada", queryLagMs: 0, reason: "another cause" });
    const resumed = await endOf(world);
    expect([resumed.followedBy?.record.kind, isAtRest(resumed)]).toEqual(["resume", false]);
    expect(stopTitle("thermostat", resumed)).toBe("thermostat 1.1.0 was held, and goes on");
    await stop(world, "abort", "it was that cause");
    const aborted = await endOf(world);
    expect([aborted.stoppedBy?.record.kind, aborted.followedBy]).toEqual(["abort", undefined]);
    world.settle(() => "ok");
    world.advance(HOUR);
    world.settle(() => "ok");
    await rest(world);
    expect((await endOf(world)).followedBy?.record.kind).toBe("rolled back");
  });

  it("shows what people wrote as text, not as markup", async () => {
    const world = await inCanary();
    await stop(world, "halt", "<b>@all</b> | done");
    const text = stopIssue("thermostat", await endOf(world), { revert: undefined });
    expect(text).toContain("&lt;b>@<!-- -->all&lt;/b> \\| done");
  });
});
