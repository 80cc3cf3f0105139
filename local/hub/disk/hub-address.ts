import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "./line-file.ts";
import { jsonOrUndefined } from "../json-value.ts";

/** Where the hub of a data folder is reached while it runs, by whoever may read the folder. */
export interface HubAddress {
  /** Of the policy iothubowner. */
  readonly connectionString: string;
  readonly mqttPort: number;
}

/** A hub that said where it is. */
export interface AnnouncedHub extends HubAddress {
  /** The process it said so from. */
  readonly pid: number;
  /** The authority to trust. */
  readonly caPem: string;
}

const document = z.object({
  schemaVersion: z.literal(1),
  pid: z.int().positive(),
  connectionString: z.string(),
  mqttPort: z.int().positive(),
});

/** Write a hub's address into its folder, for this user alone: it holds a key. Taken back when the hub closes. */
export function announceHub(folder: string, address: HubAddress): Disposable {
  const path = fileIn(folder);
  writeWhole(path, [`${JSON.stringify({ schemaVersion: 1, pid: process.pid, ...address })}\n`]);
  return {
    [Symbol.dispose]: () => {
      rmSync(path, { force: true });
    },
  };
}

/** The hub that a folder says it has; a hub that was killed is still said to be there. */
export function announcedHub(folder: string): AnnouncedHub | undefined {
  const path = fileIn(folder);
  if (!existsSync(path)) return undefined;
  const parsed = document.safeParse(jsonOrUndefined(readFileSync(path, "utf8")));
  if (!parsed.success) return undefined;
  return { ...parsed.data, caPem: readFileSync(join(folder, "ca.pem"), "utf8") };
}

function fileIn(folder: string): string {
  return join(folder, "address.json");
}
