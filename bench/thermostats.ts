/** Devices of two strata of one size. */
export function* thermostats(
  count: number,
): Generator<{ readonly deviceId: string; readonly stratum: "A" | "B" }> {
  for (let index = 0; index < count; index++)
    yield { deviceId: `thermostat-${index}`, stratum: index % 2 === 0 ? "A" : "B" };
}
