import { isEnded, type DeviceJob, type Job, type JobCounts } from "./job.ts";

/** A change to the jobs, as it stands in the journal; it means the same when it is made and when it is replayed. */
export type JobEntry =
  | { readonly op: "put"; readonly job: Job }
  /** Devices that a job is for, all of them pending. */
  | {
      readonly op: "targets";
      readonly jobId: string;
      readonly deviceIds: readonly string[];
      readonly at: number;
    }
  | { readonly op: "device"; readonly jobId: string; readonly device: DeviceJob }
  | { readonly op: "drop"; readonly jobId: string }
  /** Sequence numbers given so far, so that none is given twice. */
  | { readonly op: "sequence"; readonly given: number };

/** A job, and each of its devices. */
export interface JobRecord {
  readonly job: Job;
  readonly devices: ReadonlyMap<string, DeviceJob>;
  readonly counts: JobCounts;
}

/** The jobs of a hub; knows no rules and writes nothing down. */
export interface JobRecords {
  readonly all: () => Iterable<JobRecord>;
  readonly find: (jobId: string) => JobRecord | undefined;
  readonly size: () => number;
  readonly nextSequence: () => number;
  readonly apply: (entry: JobEntry) => void;
  /** Entries that lead to the present state from nothing; taken now, made as they are asked for. */
  readonly capture: () => Iterable<JobEntry>;
  readonly clear: () => void;
}

interface OpenRecord {
  job: Job;
  readonly devices: Map<string, DeviceJob>;
  readonly counts: Record<DeviceJob["status"], number>;
}

/** No jobs yet. */
export function createJobRecords(): JobRecords {
  const records = new Map<string, OpenRecord>();
  let sequence = 0;

  const putDevice = (record: OpenRecord, device: DeviceJob): void => {
    const before = record.devices.get(device.deviceId);
    if (before !== undefined) record.counts[before.status] -= 1;
    record.counts[device.status] += 1;
    record.devices.set(device.deviceId, device);
  };
  return {
    all: () => records.values(),
    find: (jobId) => records.get(jobId),
    size: () => records.size,
    nextSequence: () => sequence + 1,
    apply: (entry) => {
      switch (entry.op) {
        case "put": {
          const { job } = entry;
          const record = records.get(job.jobId);
          if (record === undefined) records.set(job.jobId, { job, devices: new Map(), counts: nobody() });
          else record.job = job;
          sequence = Math.max(sequence, job.sequence);
          break;
        }
        case "targets": {
          const record = records.get(entry.jobId);
          for (const deviceId of entry.deviceIds)
            if (record !== undefined) putDevice(record, { deviceId, status: "pending", updatedAt: entry.at });
          break;
        }
        case "device": {
          const record = records.get(entry.jobId);
          if (record !== undefined) putDevice(record, entry.device);
          break;
        }
        case "drop":
          records.delete(entry.jobId);
          break;
        case "sequence":
          sequence = Math.max(sequence, entry.given);
          break;
      }
    },
    capture: () => {
      const taken = [...records.values()].map(({ job, devices }) => ({
        job,
        devices: [...devices.values()],
      }));
      return entriesOf(sequence, taken);
    },
    clear: () => {
      records.clear();
      sequence = 0;
    },
  };
}

function* entriesOf(
  given: number,
  records: readonly { readonly job: Job; readonly devices: readonly DeviceJob[] }[],
): Generator<JobEntry> {
  yield { op: "sequence", given };
  for (const { job, devices } of records) {
    yield { op: "put", job };
    for (const device of devices) yield { op: "device", jobId: job.jobId, device };
  }
}

/** Devices of a record that have not come to their end. */
export function openDevices({ devices }: JobRecord): DeviceJob[] {
  return [...devices.values()].filter((device) => !isEnded(device));
}

function nobody(): Record<DeviceJob["status"], number> {
  return { pending: 0, running: 0, completed: 0, failed: 0, canceled: 0 };
}
