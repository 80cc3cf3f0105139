import { errorsOf } from "../../model/problem.ts";
import { readableProducts } from "../declarations/chosen-products.ts";
import { EXIT, type Command } from "../command.ts";
import { loadDeclarations } from "../declarations/declarations.ts";
import { declaredPlaces } from "../declarations/declared-places.ts";
import { counted } from "../views/numbers.ts";
import { renderProblems } from "../views/problems.ts";

/** `wavegate lint`. */
export const lint: Command = {
  help: `Read the fleet, the releases, the overrides and every condition in them, and show
all that is wrong at once: malformed files, unknown products, conditions that
IoT Hub would refuse, whose meaning its documents leave open, that the update
itself would change, or that are too long. Asks no hub and needs no settings, so it
suits a pull request; what depends on the fleet's devices is told by plan.`,
  examples: ["wavegate lint", "wavegate lint thermostat --json"],
  async run(context, input) {
    const checked = await loadDeclarations({ ...(await declaredPlaces(context)), folder: context.folder });
    const { lengthProblems } = await import("../../plan/condition-lengths.ts");
    const products = readableProducts(checked, input.args[0]);
    const problems = [
      ...(input.args[0] === undefined ? checked.problems : products.flatMap((one) => one.problems)),
      ...products.flatMap(({ releases }) => releases.flatMap(lengthProblems)),
    ];
    const releases = products.reduce((sum, one) => sum + one.releases.length, 0);
    const overrides = products.reduce((sum, one) => sum + (one.overrides?.length ?? 0), 0);
    const read = [
      counted(products.length, "product"),
      counted(releases, "release"),
      ...(overrides === 0 ? [] : [counted(overrides, "override")]),
    ];
    const clean = `${read.join(", ")}: nothing to correct`;
    return {
      exitCode: errorsOf(problems).length > 0 ? EXIT.error : EXIT.done,
      human: problems.length === 0 ? clean : renderProblems(problems),
      json: { schemaVersion: 1, products: products.map(({ product }) => product), problems },
    };
  },
};
