import { describe, expect, it } from "vitest";
import { start } from "../../support/command-line.ts";

async function help(args: readonly string[]): Promise<string> {
  const running = start(["scripts/wavegate.mjs", ...args]);
  expect(await running.ended).toBe(0);
  return running.lines.join("\n");
}

describe("wavegate --help", () => {
  it("lists every command in 80 columns", async () => {
    const text = await help(["--help"]);
    expect(text).toMatchInlineSnapshot(`
      "Usage: wavegate [options] [command]

      Firmware rollout as code for Azure IoT Hub: staged waves, statistical gates,
      rollback.

      Options:
        --settings <file>              settings file (default: WAVEGATE_SETTINGS,
                                       ./wavegate.settings.json, a running demo)
        --stack-outputs <file>         what \`pulumi stack output --json\` wrote, for
                                       what no settings file says
        --as <name>                    decide under this name; for a local hub only
        --json                         print the result as JSON
        -h, --help                     display help for command

      Commands:
        init [options] [folder]        begin a repository of your own: fleet,
                                       releases, pipelines, settings to fill in
        plan [options] [product]       show what the declarations would change, and
                                       what speaks against it
        apply [options] [target]       carry the declared releases out, and watch
                                       until there is nothing left to do
        reconcile [options] [product]  look once, do what is due, end: the command for
                                       a schedule
        status [options] [product]     show what runs, what is under way and what
                                       happens next
        history [options] [product]    show every decision, with its evidence, from
                                       the records alone
        logs [options] <device>        show what happened on one device lately, by its
                                       own account
        forecast [options] [release]   play a release over the fleet before anybody
                                       has it
        lint [options] [product]       check the declarations and their conditions,
                                       without a hub
        gate                           gates, tried without a rollout
        verify [options] [product]     check every record and judge every step again,
                                       from the records alone
        export [options] <product>     write all that is recorded about a product to
                                       one file
        replay [options] [product]     judge recorded rollouts by another gate: what
                                       it would have stopped, when
        approve [options] <product>    let a wave open that wants people's approval
        hold [options] <product>       let a release go no further, and leave its
                                       devices where they are
        resume [options] <product>     let a held release go on, at the wave it stands
                                       in
        abort [options] <product>      stop a release now and take its devices back
        override [options] <product>   promote one wave although its gate holds, on
                                       the counts you saw
        retry [options] <product>      allow one more attempt of a release that was
                                       stopped
        stop [options]                 stop the line: hold every product's release
                                       under way
        enroll [options] <product>     give a product's new devices their bucket, so
                                       that waves reach them
        release                        release files
        keys                           keys that sign releases
        git                            tell a Git host what is planned, and how it
                                       ended
        notify                         channels that are told what happens
        completion [options] <shell>   print a script that completes commands and
                                       options in your shell
        help [command]                 display help for command

      Exit: 0 done or waiting, 1 error, 2 plan has changes, 3 aborted, 4 held for a
      person, 130 interrupted. Begin with: wavegate init. To try it without an
      account: npm start, in wavegate's own repository"
    `);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe("the start of wavegate", () => {
  /** Prints every module but Node's own as it is loaded. */
  const TELL = `data:text/javascript,import{registerHooks}from"node:module";registerHooks({load:(url,context,next)=>{if(url.startsWith("file:"))console.log(url);return next(url,context)}})`;

  it("loads a command when it is typed, and no library but that of the command line for the list", async () => {
    const loaded = async (...args: readonly string[]): Promise<readonly string[]> => {
      const running = start(["--import", TELL, "scripts/wavegate.mjs", ...args]);
      expect(await running.ended).toBe(0);
      return running.lines.filter((line) => line.startsWith("file:"));
    };
    const list = await loaded("--help");
    expect(list.filter((url) => url.includes("/commander/"))).not.toEqual([]);
    expect(list.filter((url) => /\/commands\/|node_modules\/(?!commander\/)/.test(url))).toEqual([]);
    const commands = (await loaded("hold", "--help")).filter((url) => url.includes("/commands/"));
    expect(commands.map((url) => url.split("/").at(-1))).toEqual(["hold.ts"]);
  });
});

describe("a command that does not exist", () => {
  it("is refused with the one that was meant", async () => {
    const running = start(["scripts/wavegate.mjs", "plann"]);
    expect(await running.ended).toBe(1);
    expect(running.lines.join("\n")).toContain("Did you mean plan?");
  });
});
