import type { Failure } from "../failure.ts";

/**
 * How a device flashes itself: the only part of the agent that knows the hardware. Two slots hold an image each; one of
 * them runs. A driver has to survive a power cut between any two of its steps and must never write to the slot that
 * runs.
 */
export interface Driver {
  /**
   * Start what the boot pointer names; when that does not start, or has had its tries without `confirm`, start the other
   * slot and say why, at every boot until `confirm` or `apply`: the power may go before anybody has noted it. An image
   * whose start does not end is left after a time-out, which is a try. Rejects when no slot starts.
   */
  boot(): Promise<Boot>;
  /**
   * Ask the running image whether it works; rejects with `SELF_TEST_FAILED` when it does not, and with `HUNG` when it
   * does not answer in time. It always ends.
   */
  selfTest(): Promise<void>;
  /** Whether nothing has to be downloaded: the other slot holds exactly that image, or it lies ready to be installed. */
  holds(sha256: string): Promise<boolean>;
  /** What an earlier try at that image has left, whatever happened to the power since; absent when nothing. */
  kept(sha256: string): Promise<KeptPart | undefined>;
  /** Begin to write the other slot, or go on. */
  openSlot(opening: SlotOpening): Promise<SlotWriter>;
  /**
   * Point the next boot at the other slot, on trial: the running slot stays the one to fall back to. That image and no
   * other may boot from it: bytes that changed since are `SLOT_CORRUPT`.
   */
  apply(image: AskedImage): Promise<void>;
  /** The running image is the one to stay on: no longer on trial, and why it was fallen back to has been noted. */
  confirm(): Promise<void>;
  /**
   * Point the next boot back at the slot that ran before, which then falls back for that reason; false when there is
   * none to go back to. The device runs on what it runs until `boot`.
   */
  rollback(why: Failure): Promise<boolean>;
  /**
   * Give up what is under way, as a power cut would: the next start goes on from there. Nothing is asked of the driver
   * after that. Absent when no call takes long.
   */
  close?(): Promise<void>;
}

/** Boots an image on trial gets before the device falls back: power cuts during its health time are not its fault. */
export const TRIAL_BOOTS = 3;

/** An image as it was asked for. */
export interface AskedImage {
  readonly version: string;
  /** SHA-256 of its bytes, lower-case hex. */
  readonly sha256: string;
}

/** What a boot led to. */
export interface Boot {
  /** What runs. */
  readonly image: RunningImage;
  /** Why another image than the one pointed at runs; absent when all went as intended. */
  readonly fellBack?: Failure;
}

/** The image that runs, by its own statement and by its bytes. */
export interface RunningImage {
  /** What the running image itself states, never what was asked for. */
  readonly version: string;
  /** SHA-256 of the slot's content, or of the file it was installed from, lower-case hex; empty when that is not known. */
  readonly sha256: string;
  /** Whether the device left the factory with it. */
  readonly factory: boolean;
}

/** Where the bytes of an image come from: only the same version of the same file can be gone on with. */
export interface ImageSource {
  /** The address without its query, which may hold a key. */
  readonly address: string;
  /** The file's strong entity tag [RFC 9110, 8.8.3]; empty when the server states none. */
  readonly etag: string;
}

/** The beginning of an image. */
export interface KeptPart {
  readonly content: Uint8Array;
  readonly source: ImageSource;
}

/** What is about to be written. */
export interface SlotOpening {
  /** Digest the whole image is to have. */
  readonly sha256: string;
  readonly source: ImageSource;
  /** Bytes of the kept part to go on from; 0 begins from nothing and forgets it. */
  readonly from: number;
}

/** The slot being written. What it holds counts only after `finish`. */
export interface SlotWriter {
  /** Write behind what was written before. */
  write(chunk: Uint8Array): Promise<void>;
  /** Make what was written so far survive a power cut, for `kept` to find. */
  keep(): Promise<void>;
  /** The image is whole: make the slot hold it. */
  finish(): Promise<void>;
  /** Leave the slot as it was; what was kept stays kept. */
  abandon(): Promise<void>;
}
