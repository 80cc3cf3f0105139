import { describe, expect, it } from "vitest";
import type { PaperAttempt, PaperImage } from "../paper-device.ts";
import { desiredFor, digest, PaperDevice } from "../paper-device.ts";

const V1: PaperImage = { sha256: digest("1"), states: "1.0.0" };
const V2: PaperImage = { sha256: digest("2"), states: "2.0.0" };
const DEAD: PaperImage = { sha256: digest("d"), states: "2.1.0", boots: false };
const SICK: PaperImage = { sha256: digest("e"), states: "2.2.0", staysWell: false };

const attempt = (image: PaperImage): PaperAttempt => ({
  rolloutId: `fw--thermostat--${image.states.replaceAll(".", "-")}--1`,
  version: image.states,
  image,
});
const release = attempt(V2);
const device = (): PaperDevice => new PaperDevice(V1, [V1, V2, DEAD, SICK]).settle();

describe("a power cut", () => {
  // Seven events bring an update to its end, none with more than three effects.
  const moments = Array.from({ length: 8 }, (_, event) =>
    [0, 1, 2, 3].map((effect) => ({ event, effect })),
  ).flat();

  it.each(moments)(
    "at effect $effect of event $event does not keep an update from its end",
    ({ event, effect }) => {
      const d = device();
      d.hear(desiredFor(release));
      for (let n = 0; n < event; n++) d.act();
      d.act(effect);
      d.settle();
      d.hear(desiredFor(release));
      d.settle();
      expect(d.last).toMatchObject({
        outcome: "ok",
        currentFwVersion: "2.0.0",
        fromVersion: "1.0.0",
        contactedAt: d.history.find(({ latches }) => latches.length > 0)!.latches[0]!.contactedAt,
      });
    },
  );

  it.each(moments)(
    "at effect $effect of event $event does not make a bad image good",
    ({ event, effect }) => {
      for (const bad of [DEAD, SICK]) {
        const d = device();
        d.hear(desiredFor(attempt(bad)));
        for (let n = 0; n < event; n++) d.act();
        d.act(effect);
        d.settle();
        d.hear(desiredFor(attempt(bad)));
        d.settle();
        expect(d.last).toMatchObject({
          outcome: "failed",
          currentFwVersion: "1.0.0",
          fwUpdateStatus: "rolledback",
          pendingFwVersion: "",
        });
      }
    },
  );

  it("after which the old image runs, though the pointer was switched, is a failure", () => {
    const d = device();
    d.hear(desiredFor(release));
    while (d.state.update?.phase !== "applying") d.act();
    d.act(1);
    d.running = V1;
    d.powerOn();
    d.settle();
    expect(d.last).toMatchObject({
      outcome: "failed",
      errorCode: "BOOT_FAILED",
      fwUpdateStatus: "rolledback",
    });
  });
});
