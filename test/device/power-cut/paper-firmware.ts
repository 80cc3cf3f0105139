import { createHash } from "node:crypto";
import type { BoardFirmware, BoardOptions } from "../../../device/drivers/wasm/wasm-board.ts";
import { DeviceError } from "../../../device/failure.ts";

/** What an image does when it runs: `ill` passes its first self-test and no other. */
export type Health = "good" | "dead" | "hangs" | "sick" | "mute" | "ill";

/** An image as text that a paper board can run. */
export interface PaperFirmware {
  readonly version: string;
  readonly health: Health;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** Write an image: a few hundred bytes, so that a download has a middle. */
export function paperFirmware(version: string, health: Health): PaperFirmware {
  const bytes = Buffer.from(`firmware ${version} ${health} ${version.repeat(60)} end`);
  return { version, health, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** A board, and the digests of all it was ever told to start. */
export interface PaperBoard {
  readonly start: (options: BoardOptions) => Promise<BoardFirmware>;
  readonly starts: readonly string[];
}

/** A board that starts paper images, in no time: its watchdog bites at once. */
export function paperBoard(onStart: (sha256: string) => void = () => undefined): PaperBoard {
  const starts: string[] = [];
  return {
    starts,
    async start({ image }) {
      const sha256 = createHash("sha256").update(image).digest("hex");
      starts.push(sha256);
      onStart(sha256);
      const found = /^firmware (\S+) (\S+) .* end$/.exec(Buffer.from(image).toString());
      const [, version = "", health = "dead"] = found ?? [];
      // Not before others had their turn, as with a real one.
      await Promise.resolve();
      if (health === "dead") throw new DeviceError("BOOT_FAILED", "it is dead");
      if (health === "hangs") throw new DeviceError("HUNG", "its start does not end");
      let tests = 0;
      return {
        version,
        selfTest() {
          tests++;
          if (health === "mute") return Promise.reject(new DeviceError("HUNG", "it says nothing"));
          if (health === "sick" || (health === "ill" && tests > 1))
            return Promise.reject(new DeviceError("SELF_TEST_FAILED", `it is ${health}`));
          return Promise.resolve();
        },
        stop: () => Promise.resolve(),
      };
    },
  };
}
