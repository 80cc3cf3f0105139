import { writeFileSync } from "node:fs";

/**
 * A vitest reporter that writes what `npm test` counts to the file named by WAVEGATE_TEST_REPORT. Vitest's own JSON
 * knows neither the reason of a skip nor the errors of a file that does not load.
 */
export default class CountingReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [
      ...brokenParts(module),
      ...[...module.children.allTests()].map((test) => countedTest(module, test)),
    ]);
    const broken = unhandledErrors.map((error) => ({
      area: "outside of any test",
      name: `unhandled error: ${error.message}`,
      state: "failed",
      seconds: 0,
    }));
    writeFileSync(process.env.WAVEGATE_TEST_REPORT, JSON.stringify([...tests, ...broken]));
  }
}

/** A file that does not load, or a group whose hooks throw, fails as one test: those inside never ran. */
function brokenParts(module) {
  return [module, ...module.children.allSuites()]
    .filter((part) => part.errors().length > 0)
    .map((part) => ({
      ...placeOf(module),
      name: `${part.type === "suite" ? part.fullName : "the file"} could not run`,
      state: "failed",
      seconds: 0,
    }));
}

function countedTest(module, test) {
  const { state, note } = test.result();
  return {
    ...placeOf(module),
    name: test.fullName,
    // A test still pending when the run ends was cut off.
    state: state === "pending" ? "failed" : state,
    seconds: (test.diagnostic()?.duration ?? 0) / 1000,
    ...(state === "skipped" && { reason: note ?? reasonFrom(test) }),
  };
}

function reasonFrom(test) {
  if (test.options.mode === "todo") return "to do";
  for (let group = test.parent; group !== undefined; group = group.parent) {
    if (group.errors().length > 0) return "its group could not run";
  }
  return undefined;
}

/** The area is the first folder under test/; the conformance suite is counted by its own areas, a file each. */
function placeOf(module) {
  const file = module.relativeModuleId.replaceAll("\\", "/").replace(/^test\//, "");
  if (file.startsWith("conformance/")) return { file, area: file.replace(/\.test\.ts$/, "") };
  return { file, area: file.includes("/") ? file.slice(0, file.indexOf("/")) : "project" };
}
