import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDeviceStore, type DeviceStore } from "../../../local/hub/device-store.ts";
import { openStateFolder, type StateFolder } from "../../../local/hub/disk/state-folder.ts";
import { createJournal } from "../../../local/hub/journal.ts";
import { createMailbox, type Mailbox } from "../../../local/hub/mailbox.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";

let path: string;
let clock: ManualClock;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "hub-mail-"));
  clock = createManualClock();
});
afterEach(() => {
  rmSync(path, { recursive: true });
});

/** The stores of a hub as it starts on the folder. */
function started(): { devices: DeviceStore; mailbox: Mailbox; folder: StateFolder } & AsyncDisposable {
  const journal = createJournal();
  const devices = createDeviceStore({ clock, maxDevices: 10, journal });
  const { signal: closing } = new AbortController();
  const mailbox = createMailbox({ clock, closing, devices, journal, tell: () => undefined });
  const folder = openStateFolder({ folder: path, journal });
  return {
    devices,
    mailbox,
    folder,
    [Symbol.asyncDispose]: () => Promise.resolve(folder[Symbol.asyncDispose]()),
  };
}

describe("messages to devices", () => {
  it.each(["a journal", "a picture"])(
    "outlive the hub in %s: what waits, in order, and what was sent before",
    async (form) => {
      {
        await using hub = started();
        const { devices, mailbox, folder } = hub;
        devices.register({ deviceId: "d1" });
        for (const body of ["1", "2", "3", "4"])
          mailbox.enqueue("d1", { body: Buffer.from(body), messageId: `m${body}`, properties: { n: body } });
        const [first, second] = mailbox.waiting("d1");
        mailbox.complete("d1", first?.sequence ?? 0);
        mailbox.noteSent("d1", second?.sequence ?? 0);
        if (form === "a picture") folder.rewrite();
      }
      await using hub = started();
      const { devices, mailbox } = hub;
      expect(devices.get("d1").mailCount).toBe(3);
      expect(mailbox.waiting("d1")).toMatchObject([
        { sequence: 2, messageId: "m2", wasSent: true, body: "Mg==" },
        { sequence: 3, messageId: "m3", wasSent: false },
        { sequence: 4, messageId: "m4", wasSent: false },
      ]);
      mailbox.enqueue("d1", { body: Buffer.from("5") });
      expect(mailbox.waiting("d1").at(-1)?.sequence).toBe(5);
    },
  );

  it("expire while the hub is down, and are gone with a device that was deleted", async () => {
    {
      await using hub = started();
      const { devices, mailbox } = hub;
      for (const deviceId of ["d1", "d2"]) devices.register({ deviceId });
      for (const deviceId of ["d1", "d2"]) mailbox.enqueue(deviceId, { body: Buffer.alloc(0) });
      devices.remove("d2");
      devices.register({ deviceId: "d2" });
    }
    await clock.advance(3_600_000);
    await using hub = started();
    const { devices, mailbox } = hub;
    expect(mailbox.waiting("d2")).toEqual([]);
    await clock.advance(0);
    await expect.poll(() => devices.get("d1").mailCount, { timeout: 10_000 }).toBe(0);
    expect(mailbox.counts()).toMatchObject({ expired: 1 });
  });
});
