import type { ListedCommand } from "./command.ts";

/** Every verb, in the order of the help. */
export const COMMANDS: readonly ListedCommand[] = [
  {
    name: "init",
    summary: "begin a repository of your own: fleet, releases, pipelines, settings to fill in",
    arguments: [["[folder]", "where to write; default: here"]],
    load: async () => (await import("./commands/init.ts")).init,
  },
  {
    name: "plan",
    summary: "show what the declarations would change, and what speaks against it",
    arguments: [["[product]", "plan one product only"]],
    load: async () => (await import("./commands/plan.ts")).plan,
  },
  {
    name: "apply",
    summary: "carry the declared releases out, and watch until there is nothing left to do",
    arguments: [["[target]", "a product, or the file of a saved plan; default: every product"]],
    load: async () => (await import("./commands/apply.ts")).apply,
  },
  {
    name: "reconcile",
    summary: "look once, do what is due, end: the command for a schedule",
    arguments: [["[product]", "reconcile one product only"]],
    load: async () => (await import("./commands/reconcile.ts")).reconcile,
  },
  {
    name: "status",
    summary: "show what runs, what is under way and what happens next",
    arguments: [["[product]", "show one product only"]],
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "history",
    summary: "show every decision, with its evidence, from the records alone",
    arguments: [["[product]", "one product only"]],
    load: async () => (await import("./commands/history.ts")).history,
  },
  {
    name: "logs",
    summary: "show what happened on one device lately, by its own account",
    arguments: [["<device>", "id of the device"]],
    load: async () => (await import("./commands/logs.ts")).logs,
  },
  {
    name: "forecast",
    summary: "play a release over the fleet before anybody has it",
    arguments: [["[release]", "a version, or a release file; default: what plan would start"]],
    load: async () => (await import("./commands/forecast.ts")).forecast,
  },
  {
    name: "lint",
    summary: "check the declarations and their conditions, without a hub",
    arguments: [["[product]", "check one product only"]],
    load: async () => (await import("./commands/lint.ts")).lint,
  },
  {
    name: "gate check",
    summary: "try a gate on counts, without a hub: verdict, evidence, what is missing",
    load: async () => (await import("./commands/gate-check.ts")).gateCheck,
  },
  {
    name: "verify",
    summary: "check every record and judge every step again, from the records alone",
    arguments: [["[product]", "one product only"]],
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "export",
    summary: "write all that is recorded about a product to one file",
    arguments: [["<product>", "the product to export"]],
    load: async () => (await import("./commands/export.ts")).exportStore,
  },
  {
    name: "replay",
    summary: "judge recorded rollouts by another gate: what it would have stopped, when",
    arguments: [["[product]", "one product only"]],
    load: async () => (await import("./commands/replay.ts")).replay,
  },
  {
    name: "approve",
    summary: "let a wave open that wants people's approval",
    arguments: [["<product>", "the product whose wave is approved"]],
    load: async () => (await import("./commands/approve.ts")).approve,
  },
  {
    name: "hold",
    summary: "let a release go no further, and leave its devices where they are",
    arguments: [["<product>", "the product whose release is held"]],
    load: async () => (await import("./commands/hold.ts")).hold,
  },
  {
    name: "resume",
    summary: "let a held release go on, at the wave it stands in",
    arguments: [["<product>", "the product whose release goes on"]],
    load: async () => (await import("./commands/resume.ts")).resume,
  },
  {
    name: "abort",
    summary: "stop a release now and take its devices back",
    arguments: [["<product>", "the product whose release is stopped"]],
    load: async () => (await import("./commands/abort.ts")).abort,
  },
  {
    name: "override",
    summary: "promote one wave although its gate holds, on the counts you saw",
    arguments: [["<product>", "the product whose wave is promoted"]],
    load: async () => (await import("./commands/override.ts")).override,
  },
  {
    name: "retry",
    summary: "allow one more attempt of a release that was stopped",
    arguments: [["<product>", "the product whose release is tried again"]],
    load: async () => (await import("./commands/retry.ts")).retry,
  },
  {
    name: "stop",
    summary: "stop the line: hold every product's release under way",
    load: async () => (await import("./commands/stop.ts")).stop,
  },
  {
    name: "enroll",
    summary: "give a product's new devices their bucket, so that waves reach them",
    arguments: [["<product>", "the product"]],
    load: async () => (await import("./commands/enroll.ts")).enroll,
  },
  {
    name: "release add",
    summary: "store an image and write the file that declares its release",
    arguments: [["<file>", "the image"]],
    load: async () => (await import("./commands/release-add.ts")).releaseAdd,
  },
  {
    name: "release verify",
    summary: "check releases as a device does: image, manifest, signature",
    arguments: [["[files...]", "release files; default: all of the releases folder"]],
    load: async () => (await import("./commands/release-verify.ts")).releaseVerify,
  },
  {
    name: "keys new",
    summary: "make a key pair that signs releases",
    load: async () => (await import("./commands/keys-new.ts")).keysNew,
  },
  {
    name: "completion",
    summary: "print a script that completes commands and options in your shell",
    arguments: [["<shell>", "bash, zsh or fish"]],
    load: async () => (await import("./commands/completion.ts")).completion,
  },
];
