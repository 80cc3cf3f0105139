import { userInfo } from "node:os";
import { blobImages, type ImageStore } from "../adapters/blob-images.ts";
import { blobFiles } from "../adapters/blob-records.ts";
import { systemClock } from "../adapters/clock.ts";
import { credentialOf } from "../adapters/credential.ts";
import { cursorsIn } from "../adapters/cursors-in-files.ts";
import { folderFiles } from "../adapters/folder-records.ts";
import { iotHub } from "../adapters/iot-hub.ts";
import { recordsIn, type TextFiles } from "../adapters/records-in-files.ts";
import type { Registry } from "../adapters/registry.ts";
import { filesWithin, imagesWithin, metricsWithin } from "../adapters/telemetry/around-ports.ts";
import type { Telemetry } from "../adapters/telemetry/telemetry.ts";
import { WavegateError } from "../model/problem.ts";
import type { CheckedDeclarations } from "../plan/check-declarations.ts";
import type { ClockPort, CursorPort, HubPort, MetricPort, RecordPort } from "../reconcile/ports.ts";
import type { ReconcileOptions } from "../reconcile/reconcile.ts";
import { loadDeclarations } from "./declarations/declarations.ts";
import { findActor } from "./actor.ts";
import { openSources } from "./open-sources.ts";
import { readCa } from "./read-ca.ts";
import { aroundHub } from "./telemetry/around-hub.ts";
import { hubsOf, type HubSettings, type Settings } from "./settings/settings.ts";

/** Everything a command works with: settings made real. Connections are made when they are used. */
export interface Session {
  readonly settings: Settings;
  /** In the order of the settings: where hubs disagree, the first decides. */
  readonly hubs: readonly HubPort[];
  readonly records: RecordPort;
  /** In the same store as the records. */
  readonly cursors: CursorPort;
  readonly images: ImageStore;
  readonly clock: ClockPort;
  readonly metrics: MetricPort;
  /** Who decides, for the records. */
  readonly actor: string;
  declarations(): Promise<CheckedDeclarations>;
}

/** Open what the settings name. */
export async function openSession(
  settings: Settings,
  options: {
    readonly folder: string;
    /** Ends waits for the hub at once, except those of a stop. */
    readonly signal?: AbortSignal;
    /** `--as`. */
    readonly as?: string | undefined;
    /** Told of every call of a hub, a store or a source; absent: nobody is. */
    readonly telemetry?: Telemetry | undefined;
  },
): Promise<Session> {
  const { folder, signal, as, telemetry } = options;
  const clock = systemClock(settings.clock);
  const { images } = settings;
  const opened = await openFiles(settings);
  const around = telemetry?.around;
  const files = around === undefined ? opened : filesWithin(around, opened);
  const imageStore = blobImages({
    base: images.base,
    accessLifeMs: images.accessLife,
    credential: await credentialOf(images.credential),
    ...(images.caFile === undefined ? {} : { ca: await readCa(images.caFile) }),
  });
  const sources = openSources(settings);
  const actor = await findActor({ settings, as, environment: process.env, user: () => userInfo().username });
  return {
    settings,
    hubs: await Promise.all(
      hubsOf(settings).map(async (hub) => {
        const { name, tier, units, groupByKeys } = hub;
        const registry = await registryOf(hub);
        return iotHub({
          ...{ name, registry, clock, tier, units, groupByKeys, signal },
          around: telemetry === undefined ? undefined : aroundHub(telemetry),
        });
      }),
    ),
    records: recordsIn(files),
    cursors: cursorsIn(files),
    images: around === undefined ? imageStore : imagesWithin(around, imageStore),
    clock,
    metrics: around === undefined ? sources : metricsWithin(around, sources),
    get actor() {
      return actor();
    },
    declarations: () => loadDeclarations({ ...settings.declarations, folder }),
  };
}

/** How a person's decision is carried out: under their name, starting nothing that only a signed plan may start. */
export function decisionOptions({
  actor,
  settings,
}: Pick<Session, "actor" | "settings">): Pick<ReconcileOptions, "actor" | "queryLagMs" | "startsNothing"> {
  return { actor, queryLagMs: settings.queryLag, startsNothing: settings.plans !== undefined };
}

/** The records alone: history needs no hub. */
export async function openRecords(settings: Settings): Promise<RecordPort> {
  return recordsIn(await openFiles(settings));
}

async function openFiles({ records }: Settings): Promise<TextFiles> {
  if ("folder" in records) return folderFiles(records.folder);
  return blobFiles({
    container: records.container,
    credential: await credentialOf(records.credential),
    ...(records.caFile === undefined ? {} : { ca: await readCa(records.caFile) }),
  });
}

/** Microsoft's client for a hub as the settings say. */
export async function registryOf(hub: HubSettings): Promise<Registry> {
  // Loaded late: Microsoft's client takes longer to load than all the rest, and `history` needs none.
  const { connectRegistry } = await import("../adapters/registry.ts");
  const ca = hub.caFile === undefined ? {} : { ca: await readCa(hub.caFile) };
  if (hub.connectionString !== undefined) {
    return connectRegistry({ kind: "connection string", connectionString: hub.connectionString, ...ca });
  }
  if (hub.hostName === undefined || hub.credential === undefined) {
    throw new WavegateError("SETTINGS_INVALID", "the hub has neither a connection string nor a host name", {
      hint: "give one of them",
    });
  }
  return connectRegistry({
    kind: "credential",
    hostName: hub.hostName,
    credential: await credentialOf(hub.credential),
    ...ca,
  });
}
