import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startHub, type LocalHub } from "../../../local/hub/hub.ts";
import { iotHub } from "../../../rollout/adapters/iot-hub.ts";
import { connectRegistry } from "../../../rollout/adapters/registry.ts";
import { parseDigest, type Digest } from "../../../rollout/model/digest.ts";
import { refDocument } from "../../../rollout/plan/documents.ts";
import { codeBlocks } from "../../docs/doc-files.ts";
import { PROJECT, wavegate } from "../../support/command-line.ts";
import { typeLine } from "../../support/shell.ts";
import { aStoredRollout } from "../engine/a-stored-rollout.ts";

// The command line on a store of a whole rollout, in a folder; the hub is a real one, or is not there at all.

const folder = join(PROJECT, ".wavegate", "records-test");
let settings: string;
let withoutHub: string;
let hub: LocalHub;
let head: Digest;

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  const { folders } = await aStoredRollout("bad");
  for (const [kind, files] of Object.entries(folders)) {
    for (const [name, text] of files) {
      const file = join(folder, "store", kind, "thermostat", name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  }
  const mark = JSON.parse(folders.taken.get("memory.json") ?? "") as { head: string };
  head = parseDigest(mark.head) ?? ("" as Digest);
  await mkdir(join(folder, "releases"));
  await writeFile(
    join(folder, "fleet.ts"),
    'import { defineFleet } from "wavegate";\nexport default defineFleet({ products: { thermostat: {} } });\n',
  );
  hub = await startHub();
  await writeFile(join(folder, "ca.pem"), hub.caPem);
  settings = await settingsFile("settings.json", hub.serviceConnectionString);
  withoutHub = await settingsFile(
    "without-hub.json",
    "HostName=localhost:1;SharedAccessKeyName=service;SharedAccessKey=AAAA",
  );
});
afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

async function settingsFile(name: string, connectionString: string): Promise<string> {
  const file = join(folder, name);
  const value = {
    schemaVersion: 1,
    hub: { name: "memory", connectionString, caFile: "ca.pem" },
    images: { base: "https://localhost:1/firmware", credential: { kind: "azure-cli" } },
    records: { folder: "store" },
    declarations: { fleet: "fleet.ts", releases: "releases" },
  };
  await writeFile(file, JSON.stringify(value), { mode: 0o600 });
  return file;
}

/** Change one byte of the first record of a kind, run, and put it back. */
async function tampered<T>(run: () => Promise<T>): Promise<T> {
  const file = join(folder, "store", "records", "thermostat", `${head}.json`);
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace('"actor":"test"', '"actor":"tesu"'));
  try {
    return await run();
  } finally {
    await writeFile(file, text);
  }
}

describe("wavegate verify", () => {
  it("judges every step again from the records alone, with no hub there", async () => {
    const { code, lines } = await wavegate(["verify", "thermostat", "--records-only"], withoutHub);
    expect(lines.join("\n")).toMatch(
      /^ok +[0-9a-f]{12} .* abort fw--thermostat--1-1-0--1 +abort \(statistical\), judged again$/m,
    );
    expect(lines.at(-1)).toMatch(
      /^thermostat: 6 records under [0-9a-f]{12}, 2 verdicts judged again: all as recorded$/,
    );
    expect(code).toBe(0);
  });

  it("walks from the head that the hub's ref names", async () => {
    const registry = connectRegistry({
      kind: "connection string",
      connectionString: hub.serviceConnectionString,
      ca: hub.caPem,
    });
    const clock = {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      sleep: () => Promise.resolve(),
    };
    const port = iotHub({ name: "memory", registry, clock, tier: "S1", units: 1 });
    const ref = await port.create(refDocument("thermostat", head));
    expect((await wavegate(["verify"], settings)).code).toBe(0);
    const unknown = "0".repeat(64) as Digest;
    await port.replace({ ...ref, labels: refDocument("thermostat", unknown).labels }, ref.etag);
    const { code, lines } = await wavegate(["verify", "--json"], settings);
    expect(code).toBe(1);
    expect(lines.join("")).toContain(`records/thermostat/${unknown}.json`);
  });

  it("ends in 1 when one byte of one record was changed, and names the file", async () => {
    const { code, lines } = await tampered(() =>
      wavegate(["verify", "thermostat", "--head", head, "--json"], withoutHub),
    );
    expect(code).toBe(1);
    const { ok, products } = JSON.parse(lines.join("\n")) as {
      ok: boolean;
      products: { problems: { code: string; path: string }[] }[];
    };
    expect(ok).toBe(false);
    expect(products[0]?.problems[0]).toMatchObject({
      code: "RECORD_BROKEN",
      path: `records/thermostat/${head}.json`,
    });
  });

  it("refuses a head that is no digest", async () => {
    const { code, lines } = await wavegate(["verify", "--head", "abc"], withoutHub);
    expect(code).toBe(1);
    expect(lines.join("\n")).toMatch(/BAD_OPTION: "abc" is no digest/);
  });
});

describe("wavegate export", () => {
  it("writes one file that verifies by itself, and no key is in it", async () => {
    const file = join(folder, "thermostat.json");
    const { code, lines } = await wavegate(["export", "thermostat", "--out", file], withoutHub);
    expect(lines.join("\n")).toMatch(/6 records, \d+ looks, 1 marks and 1 tombstones/);
    expect(code).toBe(0);
    const text = await readFile(file, "utf8");
    expect(text).not.toMatch(/SharedAccessKey|AAAA/);
    expect((await wavegate(["verify", "--file", file], "/nonexistent")).code).toBe(0);
    await writeFile(file, text.replace('"failed":', '"failed":1'));
    const changed = await wavegate(["verify", "--file", file], "/nonexistent");
    expect(changed.code).toBe(1);
    expect(changed.lines.join("\n")).toMatch(/its digest is not that of its content/);
  });

  it("refuses a store that cannot be believed, and a product nobody recorded", async () => {
    const broken = await tampered(() => wavegate(["export", "thermostat", "--json"], withoutHub));
    expect(broken.lines.join("\n")).toMatch(/RECORD_BROKEN/);
    const nobody = await wavegate(["export", "thermostatt", "--json"], withoutHub);
    expect(nobody.lines.join("\n")).toMatch(/UNKNOWN_PRODUCT/);
    expect([broken.code, nobody.code]).toEqual([1, 1]);
  });
});

describe("wavegate history", () => {
  it("tells one line a record, with no hub there: when, what, why, who, the numbers", async () => {
    const { code, lines } = await wavegate(["history"], withoutHub);
    expect(code).toBe(0);
    expect(lines).toHaveLength(7);
    expect(lines[0]).toBe("thermostat: 6 records, one unbroken chain");
    expect(lines.find((line) => line.includes("abort "))).toMatch(
      /^20\d\d-\d\d-\d\d \d\d:\d\d {2}[0-9a-f]{8} {2}abort +1\.1\.0 +.*B.*\[gate\] \(statistical/,
    );
  });

  it("tells of one release only, whole with --json", async () => {
    const { lines } = await wavegate(["history", "--release", "1.1.0", "--json"], withoutHub);
    const { products } = JSON.parse(lines.join("\n")) as {
      products: { chain: { record: { kind: string; judged?: unknown } }[] }[];
    };
    const chain = products[0]?.chain ?? [];
    expect(chain.map(({ record }) => record.kind)).toEqual(["rolled back", "abort", "promote", "start"]);
    expect(chain[1]?.record.judged).toMatchObject({
      counts: { cumulative: { B: { failed: expect.any(Number) as number } } },
    });
    const none = await wavegate(["history", "--release", "9.9.9"], withoutHub);
    expect(none.lines.join("\n")).toMatch(/no decision about a release 9\.9\.9/);
  });
});

describe("docs/records.md", () => {
  it("shows what the commands print, to the letter but for digests", async () => {
    const page = await readFile(join(PROJECT, "docs/records.md"), "utf8");
    const typed = codeBlocks(page).flatMap(({ lines }) => lines.join("\n").split(/^\$ /m).slice(1));
    expect(typed.length).toBeGreaterThan(4);
    for (const shown of typed) {
      const [line = "", ...printed] = shown.trimEnd().split("\n");
      const { code, text } = await typeLine(line, { folder, environment: { WAVEGATE_SETTINGS: withoutHub } });
      expect(code, `${line}\n${text}`).toBe(0);
      if (printed.length > 0) expect(withoutDigests(text), line).toBe(withoutDigests(printed.join("\n")));
    }
  });

  /** An abort has another each time. */
  const withoutDigests = (text: string): string =>
    text.replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{8,12}\b/g, "DIGEST");
});

describe("wavegate replay", () => {
  const gate = join(folder, "gate.json");
  const own = {
    tolerate: "2%",
    reject: "10%",
    falseStop: "5%",
    missedBad: "5%",
    deadline: "3 hours",
    bake: "3.5 hours",
    harmCap: 20,
  };

  it("judges the recorded rollout by another gate, with no hub there", async () => {
    await writeFile(gate, JSON.stringify(own));
    const same = await wavegate(["replay", "--gate", gate], withoutHub);
    expect(same.code).toBe(0);
    expect(same.lines.join("\n")).toContain("1 rollout: 1 stopped as recorded, 1 under this gate");
    expect(same.lines.join("\n")).toContain("difference  none: at the same look");
    await writeFile(gate, JSON.stringify({ ...own, tolerate: "98%", reject: "99%", harmCap: 10_000 }));
    const lax = await wavegate(["replay", "--gate", gate], withoutHub);
    expect(lax.lines.join("\n")).toContain("this gate   does not stop it by then");
  });

  it("says all that is wrong with a gate at once", async () => {
    await writeFile(gate, JSON.stringify({ ...own, tolerate: "11%", bakes: "1 hour" }));
    const { code, lines } = await wavegate(["replay", "--gate", gate], withoutHub);
    expect(code).toBe(1);
    expect(lines.join("\n")).toMatch(/"bakes" is no setting known here[^]*did you mean "bake"/);
    const none = await wavegate(["replay"], withoutHub);
    expect(none.lines.join("\n")).toContain("next: wavegate replay --gate");
  });
});
