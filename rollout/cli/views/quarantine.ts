/** Devices shown one by one. */
const MOST_SHOWN = 10;

/**
 * Devices that failed more than one attempt, and how a person sets them aside. The rollout's own role writes no twins:
 * whoever runs the command needs the identities role.
 */
export function quarantineLines(
  deviceIds: readonly string[],
  at: {
    /** Name of the hub. */
    readonly hub: string;
    /** Priority of the newest attempt: the device keeps what it runs, and takes nothing that comes later. */
    readonly priority: number;
  },
): string[] {
  if (deviceIds.length === 0) return [];
  const shown = deviceIds.slice(0, MOST_SHOWN);
  const more = deviceIds.length - shown.length;
  return [
    `  failed more than one attempt: ${shown.join(", ")}${more > 0 ? ` and ${more} more (--json)` : ""}`,
    ...shown
      .slice(0, 1)
      .map(
        (deviceId) =>
          `    set one aside: az iot hub device-twin update -n ${at.hub} -d ${shellWord(deviceId)} --tags '{"rollout":{"quarantine":${at.priority}}}'`,
      ),
  ];
}

/** As a shell takes it for one word: an id may have `;`, `$`, `(` and quotes in it [IoT Hub: device identity properties]. */
function shellWord(text: string): string {
  return /^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
