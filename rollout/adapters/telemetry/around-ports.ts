import type { ImagePort, MetricPort } from "../../reconcile/ports.ts";
import type { TextFiles } from "../records-in-files.ts";
import type { Around } from "./telemetry.ts";

/**
 * The files of a record store, each call a span. Reading one record is none: a chain is read link by link, and would be
 * thousands.
 */
export function filesWithin(around: Around, files: TextFiles): TextFiles {
  const call = <T>(operation: string, path: string, run: () => Promise<T>): Promise<T> => {
    const attributes = { "wavegate.store.folder": path.split("/")[0] ?? "" };
    return around({ name: `record store: ${operation}`, isCall: true, attributes }, run);
  };
  const { readFolder } = files;
  return {
    place: (path) => files.place(path),
    createOnly: (path, text) => call("create", path, () => files.createOnly(path, text)),
    replaceIf: (path, text, before) => call("replace", path, () => files.replaceIf(path, text, before)),
    read: (path) =>
      path.startsWith("records/") ? files.read(path) : call("read", path, () => files.read(path)),
    list: (folder) => call("list", folder, () => files.list(folder)),
    append: (path, line) => call("append", path, () => files.append(path, line)),
    readSeries: (path) => call("read", path, () => files.readSeries(path)),
    ...(readFolder === undefined
      ? {}
      : { readFolder: (folder) => call("read folder", folder, () => readFolder(folder)) }),
  };
}

/** The image store, each call a span. */
export function imagesWithin<Images extends ImagePort>(around: Around, images: Images): Images {
  const { keys } = images;
  return {
    ...images,
    describe: (path) => around({ name: "image store: read", isCall: true }, () => images.describe(path)),
    ...(keys === undefined
      ? {}
      : {
          keys: {
            ...keys,
            sign: (paths: readonly string[]) =>
              around({ name: "image store: sign", isCall: true }, () => keys.sign(paths)),
          },
        }),
  };
}

/** The sources of metrics, each query a span; trouble is an answer, and shown as one. */
export function metricsWithin(around: Around, metrics: MetricPort): MetricPort {
  return {
    sources: metrics.sources,
    measure: (request) =>
      around(
        {
          name: "metric source: query",
          isCall: true,
          attributes: { "wavegate.metric.source": request.source },
          outcome: (answer) =>
            answer.state === "broken"
              ? { "error.type": answer.trouble }
              : { "wavegate.metric.state": answer.state },
        },
        () => metrics.measure(request),
      ),
  };
}
