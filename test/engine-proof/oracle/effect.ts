/** A configuration as it stands on a hub: JSON, as the wire has it. */
export interface Document {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly condition: string;
  readonly priority: number;
  readonly createdTimeUtc: string;
}

/** A stop in a stored record, as far as the oracle reads it. */
export interface RecordedStop {
  readonly id: string;
  readonly kind: string;
  readonly attempt: string;
}

/** A stored record, as far as the oracle reads it. */
export interface StoredRecord {
  readonly parent: string | null;
  readonly kind: string;
  readonly subject: string | null;
  readonly stops: readonly RecordedStop[];
  readonly intents: readonly {
    readonly attempt: string;
    readonly state: string;
    readonly condition: string;
    readonly digest: string;
    readonly created: Readonly<Record<string, string>>;
  }[];
}

/** Something changed on a hub or in the store. */
export type Effect =
  | {
      readonly on: "hub";
      readonly by: "us" | "person";
      readonly hub: number;
      readonly id: string;
      readonly before: Document | undefined;
      readonly after: Document | undefined;
    }
  | {
      readonly on: "fail-over";
      readonly by: "person";
      readonly hub: number;
      readonly configurations: readonly Document[];
    }
  | {
      readonly on: "store";
      readonly by: "us";
      readonly what: "record";
      readonly digest: string;
      readonly record: StoredRecord;
    }
  | {
      readonly on: "store";
      readonly by: "us";
      readonly what: "mark";
      readonly hub: number;
      readonly head: string;
    }
  | {
      readonly on: "store";
      readonly by: "us";
      readonly what: "tombstone";
      readonly release: string;
      readonly kind: string;
    };
