import { z } from "zod";
import type { Disk } from "../disk.ts";
import { parseJsonFile, writeJsonFile } from "../json-file.ts";
import type { KeptPart, SlotOpening, SlotWriter } from "./driver.ts";

const schema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Digest of the whole image. */
  sha256: z.string(),
  source: z.strictObject({ address: z.string(), etag: z.string() }),
  /** Bytes of the draft that no power cut can take. */
  bytes: z.int().min(0),
});

/** What is known of a draft; a file of its own, so that a torn draft cannot lie about itself. */
type DraftNote = Readonly<z.infer<typeof schema>>;

/** The part of an image that stands beside its slot; absent when there is none, or it is another image's. */
export async function readKeptPart(disk: Disk, slot: string, sha256: string): Promise<KeptPart | undefined> {
  const note = await readNote(disk, slot);
  if (note?.sha256 !== sha256 || note.bytes === 0) return undefined;
  const content = await disk.read(draftFile(slot));
  if (content === undefined || content.length < note.bytes) return undefined;
  return { content: content.subarray(0, note.bytes), source: note.source };
}

/** Write beside a slot and take its place at the end: until then the slot keeps what it held. */
export async function openDraft(
  disk: Disk,
  slot: string,
  { sha256, source, from }: SlotOpening,
): Promise<SlotWriter> {
  const draft = draftFile(slot);
  const write = (bytes: number): Promise<void> =>
    writeNote(disk, slot, { schemaVersion: 1, sha256, source, bytes });
  // The note goes first: it must never speak of bytes that another image has overwritten.
  if (from === 0 && (await readNote(disk, slot)) !== undefined) await write(0);
  const file = from === 0 ? await disk.create(draft) : await disk.extend(draft, from);
  let length = from;
  return {
    async write(chunk) {
      await file.write(chunk);
      length += chunk.length;
    },
    async keep() {
      await file.sync();
      await write(length);
    },
    async finish() {
      await file.finish();
      await disk.rename(draft, slot);
    },
    abandon: () => file.abandon(),
  };
}

async function readNote(disk: Disk, slot: string): Promise<DraftNote | undefined> {
  const content = await disk.read(noteFile(slot));
  if (content === undefined) return undefined;
  try {
    return parseJsonFile(content, schema);
  } catch {
    // A note that cannot be read costs a download from the beginning, never a device. It is overwritten by the next.
    return { schemaVersion: 1, sha256: "", source: { address: "", etag: "" }, bytes: 0 };
  }
}

function writeNote(disk: Disk, slot: string, note: DraftNote): Promise<void> {
  return writeJsonFile(disk, noteFile(slot), note);
}

function draftFile(slot: string): string {
  return `${slot}.new`;
}

function noteFile(slot: string): string {
  return `${slot}.part.json`;
}
