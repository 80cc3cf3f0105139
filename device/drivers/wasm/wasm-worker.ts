import { parentPort } from "node:worker_threads";
import type { Failure } from "../../failure.ts";
import { failureFromError } from "../../failure.ts";
import type { Hardware, WasmFirmware } from "./wasm-image.ts";
import { startWasmFirmware } from "./wasm-image.ts";

/** What a board is told to do; `board` names it among those of the process. */
export type BoardOrder =
  | {
      readonly type: "start";
      readonly board: number;
      readonly image: Uint8Array;
      readonly hardware: Hardware;
    }
  | { readonly type: "selfTest" | "stop"; readonly board: number };

/** What came of it. */
export type BoardAnswer =
  | { readonly type: "done"; readonly version: string }
  | { readonly type: "failed"; readonly failure: Failure };

const running = new Map<number, WasmFirmware>();

async function obey(order: BoardOrder): Promise<string> {
  if (order.type === "stop") {
    running.delete(order.board);
    return "";
  }
  if (order.type === "start") {
    const firmware = await startWasmFirmware(order.image, order.hardware);
    running.set(order.board, firmware);
    return firmware.version;
  }
  const firmware = running.get(order.board);
  if (firmware === undefined) throw new Error(`bug: board ${order.board} runs nothing`);
  firmware.selfTest();
  return firmware.version;
}

async function answerTo(order: BoardOrder): Promise<BoardAnswer> {
  try {
    return { type: "done", version: await obey(order) };
  } catch (error) {
    const otherwise = order.type === "start" ? "BOOT_FAILED" : "SELF_TEST_FAILED";
    return { type: "failed", failure: failureFromError(error, otherwise) };
  }
}

parentPort?.on("message", (order: BoardOrder) => {
  void answerTo(order).then((answer) => parentPort?.postMessage(answer));
});
parentPort?.postMessage("ready");
