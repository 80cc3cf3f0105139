import { join } from "node:path";
import { Application } from "typedoc";
import { expect, it } from "vitest";
import { PROJECT } from "../support/command-line.ts";

it(
  "the public entry points are documented without a warning (npm run docs:api)",
  { timeout: 180_000 },
  async () => {
    const application = await Application.bootstrap({ options: join(PROJECT, "typedoc.json") });
    const warnings: string[] = [];
    application.logger.warn = (text: string) => void warnings.push(text);
    application.logger.error = (text: string) => void warnings.push(text);
    const project = await application.convert();
    if (project === undefined) throw new Error("typedoc could not read the entry points");
    application.validate(project);
    expect(warnings).toEqual([]);
    expect(project.children?.map(({ name }) => name)).toEqual(["device/wavegate-device", "rollout/wavegate"]);
  },
);
