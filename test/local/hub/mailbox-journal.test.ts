import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "aedes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCallCounts } from "../../../local/hub/call-counts.ts";
import { createDeviceStore, type DeviceStore } from "../../../local/hub/device-store.ts";
import { openStateFolder, type StateFolder } from "../../../local/hub/disk/state-folder.ts";
import { createJournal } from "../../../local/hub/journal.ts";
import { createMailbox, type Mailbox } from "../../../local/hub/mailbox.ts";
import { packetId } from "../../../local/hub/mailbox-message.ts";
import { createLiveConnections } from "../../../local/hub/mqtt/live-connections.ts";
import { createMailDelivery, type MailDelivery } from "../../../local/hub/mqtt/mail-delivery.ts";
import { createSessionStore } from "../../../local/hub/mqtt/session-store.ts";
import { mailboxFilter } from "../../../local/hub/mqtt/topic.ts";
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

describe("messages to devices on a full disk", () => {
  /** A mailbox of d1, and a delivery to its connection; the disk is full whenever `disk.isFull` says so. */
  function onADisk(): {
    disk: { isFull: boolean };
    mailbox: Mailbox;
    connect: () => MailDelivery;
    packets: Buffer[];
    troubles: unknown[];
  } {
    const disk = { isFull: false };
    const journal = createJournal();
    journal.writeTo(() => {
      if (disk.isFull) throw new Error("ENOSPC: no space left on device");
    });
    const devices = createDeviceStore({ clock, maxDevices: 10, journal });
    devices.register({ deviceId: "d1" });
    const troubles: unknown[] = [];
    const { signal: closing } = new AbortController();
    const shared = { clock, closing, onTrouble: (error: unknown) => void troubles.push(error) };
    const mailbox = createMailbox({ ...shared, devices, journal, tell: () => undefined });
    const packets: Buffer[] = [];
    const conn = { write: (packet: Buffer) => void packets.push(packet), writableLength: 0 };
    const client = { id: "d1", clean: false, closed: false, conn } as unknown as Client; // all that is asked of it
    const connections = createLiveConnections(createSessionStore());
    const connect = (): MailDelivery => {
      connections.add(client);
      connections.noteGranted(client, [{ topic: mailboxFilter("d1") ?? "", qos: 1 }]);
      return createMailDelivery({ ...shared, mailbox, connections, counts: createCallCounts() });
    };
    return { disk, mailbox, connect, packets, troubles };
  }

  it("are sent once there is room", async () => {
    const { disk, mailbox, connect, packets, troubles } = onADisk();
    mailbox.enqueue("d1", { body: Buffer.from("x") });
    const delivery = connect();
    disk.isFull = true;
    delivery.deliver("d1");
    expect({ packets: packets.length, troubles: troubles.length }).toEqual({ packets: 0, troubles: 1 });
    disk.isFull = false;
    await clock.advance(60_000);
    expect({ packets: packets.length, troubles: troubles.length }).toEqual({ packets: 1, troubles: 1 });
  });

  it("are not over with an acknowledgement that could not be written down", () => {
    const { disk, mailbox, connect, troubles } = onADisk();
    const delivery = connect();
    mailbox.enqueue("d1", { body: Buffer.from("x") });
    const id = packetId({ sequence: 1 });
    disk.isFull = true;
    delivery.acknowledged("d1", id);
    expect(troubles).toHaveLength(1);
    expect(mailbox.counts().completed).toBe(0);
    disk.isFull = false;
    delivery.acknowledged("d1", id);
    expect(mailbox.counts().completed).toBe(1);
  });

  it("expire a minute after there is room, and count once", async () => {
    const { disk, mailbox, troubles } = onADisk();
    mailbox.enqueue("d1", { body: Buffer.from("x") });
    disk.isFull = true;
    await clock.advance(3_600_000);
    expect(troubles).toHaveLength(1);
    expect(() => mailbox.waiting("d1")).toThrow("no space left");
    expect(mailbox.counts().expired).toBe(0);
    disk.isFull = false;
    await clock.advance(60_000);
    expect(mailbox.counts().expired).toBe(1);
  });

  it("come by a subscription that was written down: another is refused, and ends nothing but its connection", async () => {
    const journal = createJournal();
    const { persistence } = createSessionStore(journal);
    journal.writeTo(() => {
      throw new Error("ENOSPC: no space left on device");
    });
    const add = persistence["addSubscriptions"] as (client: object, filters: object[]) => Promise<void>;
    const adding = add({ id: "d1" }, [{ topic: mailboxFilter("d1"), qos: 1 }]);
    await expect(adding).rejects.toThrow("no space left");
  });
});

it("messages to devices expire in more mailboxes than a call may have arguments", async () => {
  const journal = createJournal();
  const devices = createDeviceStore({ clock, maxDevices: 1, journal });
  const { signal: closing } = new AbortController();
  const mailbox = createMailbox({ clock, closing, devices, journal, tell: () => undefined });
  for (let sequence = 1; sequence <= 150_000; sequence++) {
    const message = { sequence, expiresAt: clock.now() + (sequence === 1 ? 1000 : 2000), ack: "none" };
    journal.replay(["mailbox", { op: "put", deviceId: `d${sequence}`, message }]);
  }
  await clock.advance(1000);
  expect(mailbox.counts().expired).toBe(1);
  await clock.advance(1000);
  expect(mailbox.counts().expired).toBe(150_000);
});
