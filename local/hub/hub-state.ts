import type { ConfigurationStore } from "./configuration-store.ts";
import { createConfigurationStore } from "./configuration-store.ts";
import type { HubClock } from "./clock.ts";
import type { ConfigurationOptions } from "./configuration-options.ts";
import type { DataFolder } from "./disk/data-folder.ts";
import { createDeviceStore, type DeviceStore } from "./device-store.ts";
import { createEvaluator, type EvaluatedStores, type Evaluation } from "./evaluation.ts";
import { createJournal, type Journal, type JournalLine } from "./journal.ts";
import { meteredConfigurations } from "./metered-configurations.ts";
import type { QueryOptions } from "./query/query-options.ts";
import type { DailyQuota } from "./quota.ts";
import type { TierLimits } from "./tier.ts";

/** All that a hub knows, and what carries it on. */
export interface HubState {
  readonly devices: DeviceStore;
  readonly configurations: ConfigurationStore;
  /** For others who have a state of their own. */
  readonly journal: Journal;
  readonly evaluate: () => Evaluation;
  /** Take up what the data folder holds; to be called once all who have a state take part in the journal. */
  readonly open: () => void;
  readonly save: (name: string) => void;
  readonly restore: (name: string) => void;
  /** The names of what was saved. */
  readonly snapshots: () => readonly string[];
}

/** The state of a hub that knows nothing yet, in a data folder or in memory alone. */
export function createHubState(options: {
  readonly clock: HubClock;
  readonly limits: TierLimits;
  readonly quota: DailyQuota;
  readonly queryLagMs: number;
  /** How queries and configurations are read. */
  readonly readings: QueryOptions & ConfigurationOptions;
  /** What evaluations do where the documents leave it open. */
  readonly rules: Pick<EvaluatedStores, "onDelete" | "assign" | "reassert">;
  readonly reportedChangesEtag: boolean;
  readonly onChange: () => void;
  readonly folder: DataFolder | undefined;
}): HubState {
  const { clock, limits, quota, queryLagMs, readings, rules, onChange, folder } = options;
  const journal = createJournal();
  const devices = createDeviceStore({
    clock,
    maxDevices: limits.maxDevices,
    reportedChangesEtag: options.reportedChangesEtag,
    queryLagMs,
    journal,
  });
  const { maxConfigurations } = limits;
  const configurations = createConfigurationStore({
    clock,
    maxConfigurations,
    onChange,
    journal,
    queryOptions: readings,
    contentChangeStatus: readings.contentChangeStatus,
  });
  const inMemory = new Map<string, readonly string[]>();

  const newEvaluator = (): (() => Evaluation) =>
    createEvaluator({ devices: meteredConfigurations(devices, quota), configurations, ...rules });
  let evaluate = newEvaluator();
  return {
    devices,
    configurations,
    journal,
    evaluate: () => {
      try {
        return evaluate();
      } catch (error) {
        // It may remember what was not done: the next one has to look at everybody.
        evaluate = newEvaluator();
        throw error;
      }
    },
    open: () => {
      folder?.openState(journal);
    },
    save: (name) => {
      if (folder !== undefined) folder.save(name, journal);
      else inMemory.set(name, [...journal.capture()]);
    },
    snapshots: () => folder?.snapshots() ?? [...inMemory.keys()].toSorted(),
    restore: (name) => {
      const lines = inMemory.get(name);
      if (folder !== undefined) {
        folder.load(name, journal);
      } else if (lines === undefined) {
        throw new RangeError(`there is no snapshot ${JSON.stringify(name)}`);
      } else {
        // Written by the same journal.
        journal.restore(lines.map((line) => JSON.parse(line) as JournalLine));
      }
      // What it remembers is of devices and configurations that are no more.
      evaluate = newEvaluator();
      onChange();
    },
  };
}
