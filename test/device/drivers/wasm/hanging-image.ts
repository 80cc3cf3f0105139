import wabt from "wabt";

/** What the image never comes back from. */
export type HangsAt = "start" | "selfTest";

/** Firmware 9.9.9, really compiled, that loops for ever: as it starts, or once it is asked for its self-test. */
export async function hangingImage(at: HangsAt): Promise<Uint8Array> {
  const compiler = await wabt();
  const module = compiler.parseWat(
    `hangs-at-${at}.wat`,
    `(module
      (memory (export "memory") 1 1)
      (global (export "version_address") i32 (i32.const 16))
      (global (export "version_length") i32 (i32.const 5))
      (data (i32.const 16) "9.9.9")
      (func $hang (loop $again (br $again)))
      (func $pass)
      ${at === "start" ? "(start $hang)" : ""}
      (export "self_test" (func ${at === "selfTest" ? "$hang" : "$pass"})))`,
  );
  try {
    return module.toBinary({}).buffer.slice();
  } finally {
    module.destroy();
  }
}
