import type iothub from "azure-iothub";

/** The most identities of one bulk call. */
const BULK = 100;

/** Remove configurations, then devices, where they still are; tells which could not be removed. */
export async function removeAll(
  registry: iothub.Registry,
  { devices, configurations }: { devices: ReadonlySet<string>; configurations: ReadonlySet<string> },
): Promise<void> {
  const left: string[] = [];
  for (const id of configurations) {
    if (!(await isDone(registry.removeConfiguration(id), ["ConfigurationNotFound"])))
      left.push(`configuration ${id}`);
  }
  const ids = [...devices].map((deviceId) => ({ deviceId }));
  for (let first = 0; first < ids.length; first += BULK) {
    const some = ids.slice(first, first + BULK);
    // Those that a case removed itself fail; the others are removed all the same [facts 4.1].
    if (!(await isDone(registry.removeDevices(some, true), ["BulkRegistryOperationFailure"])))
      left.push(...some.map(({ deviceId }) => `device ${deviceId}`));
  }
  if (left.length > 0) throw new Error(`Not removed, remove them by hand: ${left.join(", ")}`);
}

async function isDone(call: Promise<unknown>, gone: readonly string[]): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    // The SDK hangs the response on its errors without declaring it.
    const { response } = error as { response?: { headers: Record<string, string | undefined> } };
    return gone.includes(response?.headers["iothub-errorcode"] ?? "");
  }
}
