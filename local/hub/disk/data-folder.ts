import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { createCertificateAuthority, type CertificateAuthority } from "../certificates.ts";
import type { OpenJournal } from "../journal.ts";
import { jsonOrUndefined } from "../json-value.ts";
import { generatedKey } from "../symmetric-key.ts";
import { lockFolder } from "./folder-lock.ts";
import { writeWhole } from "./line-file.ts";
import { openStateFolder } from "./state-folder.ts";
import { checkPicture, readStateLines, writePicture } from "./state-line.ts";

/** A hub's folder: who it is, its authority, its state, and pictures of the state by name. */
export interface DataFolder extends AsyncDisposable {
  readonly authority: CertificateAuthority;
  /** A key under a name, made when it is first asked for and the same ever after. */
  readonly key: (name: string) => string;
  /** A text under a name, such as the hub's; the given one when there is none yet. */
  readonly fact: (name: string, first: () => string) => string;
  /** Bring the journal's participants to the state of the folder, and keep it up to date. */
  readonly openState: (journal: OpenJournal) => void;
  readonly save: (name: string, journal: OpenJournal) => void;
  readonly load: (name: string, journal: OpenJournal) => void;
  /** The names of the pictures. */
  readonly snapshots: () => readonly string[];
}

const identity = z.object({ schemaVersion: z.literal(1), facts: z.record(z.string(), z.string()) });
const PICTURE = ".picture";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u;

/** Open the folder of a hub, made when it is not there; only one process at a time may. */
export async function openDataFolder(
  folder: string,
  options: { readonly rewriteBytes?: number; readonly onTrouble?: (error: unknown) => void } = {},
): Promise<DataFolder> {
  mkdirSync(join(folder, "snapshots"), { recursive: true, mode: 0o700 });
  await using opening = new AsyncDisposableStack();
  opening.use(lockFolder(folder));
  const identityFile = join(folder, "hub.json");
  let facts = readIdentity(identityFile);
  const fact: DataFolder["fact"] = (name, first) => {
    const known = facts[name];
    if (known !== undefined) return known;
    const made = first();
    facts = { ...facts, [name]: made };
    writeWhole(identityFile, [`${JSON.stringify({ schemaVersion: 1, facts }, undefined, 2)}\n`]);
    return made;
  };
  const authority = await authorityIn(folder);
  const snapshot = (name: string): string => {
    if (!NAME.test(name)) {
      throw new RangeError(
        `a snapshot is called by up to 64 letters, digits and . _ -, not ${JSON.stringify(name.slice(0, 80))}`,
      );
    }
    return join(folder, "snapshots", `${name}${PICTURE}`);
  };
  const open = opening.move();
  let rewrite = (): void => undefined;
  return {
    authority,
    fact,
    key: (name) => fact(name, generatedKey),
    openState: (journal) => {
      const state = open.use(openStateFolder({ folder: join(folder, "state"), journal, ...options }));
      rewrite = state.rewrite;
    },
    save: (name, journal) => {
      writePicture(snapshot(name), journal.capture());
    },
    load: (name, journal) => {
      const path = snapshot(name);
      if (!existsSync(path)) throw new RangeError(`there is no snapshot ${JSON.stringify(name)}`);
      // Read through once before anything is forgotten: a damaged file must not cost the present state.
      checkPicture(path);
      journal.restore(readStateLines(path));
      rewrite();
    },
    snapshots: () =>
      readdirSync(join(folder, "snapshots"))
        .flatMap((file) => (file.endsWith(PICTURE) ? [file.slice(0, -PICTURE.length)] : []))
        .toSorted(),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function readIdentity(path: string): Readonly<Record<string, string>> {
  if (!existsSync(path)) return {};
  const parsed = identity.safeParse(jsonOrUndefined(readFileSync(path, "utf8")));
  if (!parsed.success)
    throw new Error(`${path} is damaged: take it from a copy, or start with an empty folder`);
  return parsed.data.facts;
}

async function authorityIn(folder: string): Promise<CertificateAuthority> {
  const [certFile, keyFile] = [join(folder, "ca.pem"), join(folder, "ca-key.pem")];
  if (!existsSync(certFile)) {
    const made = await createCertificateAuthority();
    writeWhole(keyFile, [made.keyPem]);
    writeWhole(certFile, [made.certPem]);
  }
  return { certPem: readFileSync(certFile, "utf8"), keyPem: readFileSync(keyFile, "utf8") };
}
