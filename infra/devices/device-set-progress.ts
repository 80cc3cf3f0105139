/** What was brought about, device by device, and what was not. */
export interface SetProgress {
  /** Devices that are now as declared. */
  readonly done: Set<string>;
  /** Devices that are there, and not yet as declared. */
  readonly unfinished: Set<string>;
  readonly removed: Set<string>;
  /** Devices that were to be registered by a call that may have been done: its answer never came. */
  readonly doubtful: Set<string>;
  /** In words for whoever runs Pulumi, one for each device that was refused. */
  readonly refused: string[];
  /** What ended the attempt before all was tried. */
  stopped: Error | undefined;
}

/** Nothing yet. */
export function noProgress(): SetProgress {
  return {
    done: new Set(),
    unfinished: new Set(),
    removed: new Set(),
    doubtful: new Set(),
    refused: [],
    stopped: undefined,
  };
}
