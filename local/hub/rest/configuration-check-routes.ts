import { z } from "zod";
import { invalidContent } from "../configuration-content.ts";
import { compileMetrics, compileTarget } from "../configuration-terms.ts";
import type { DeviceStore } from "../device-store.ts";
import type { QueryOptions } from "../query/query-options.ts";
import { argumentInvalid, ServiceError } from "../service-error.ts";
import { keyFrom } from "./identity-key.ts";
import { ACCESS } from "./route-access.ts";
import type { Route } from "./service-call.ts";

/** More than a configuration may have: how many a test takes is undocumented [G]. */
const MAX_QUERIES = 100;

const testInput = z.object({
  targetCondition: z.string().nullish(),
  customMetricQueries: z.record(z.string(), z.string()).nullish(),
});

/** What a configuration would be refused for, and what a configuration of IoT Edge is put on a device by. */
export function configurationCheckRoutes(devices: DeviceStore, options: QueryOptions = {}): readonly Route[] {
  // The throttle's documentation names neither [facts 1.9].
  const check = { method: "POST", counted: "configurations", throttled: undefined } as const;
  return [
    {
      ...check,
      path: "/configurations/testQueries",
      access: ACCESS.testQueries,
      answer: ({ body }) => {
        const parsed = testInput.safeParse(body);
        if (!parsed.success)
          throw argumentInvalid(
            'Queries are tested as {"targetCondition": "…", "customMetricQueries": {"name": "SELECT …"}}',
          );
        const queries = Object.entries(parsed.data.customMetricQueries ?? {});
        if (queries.length > MAX_QUERIES)
          throw argumentInvalid(`${queries.length} queries to test, the limit is ${MAX_QUERIES}`);
        const targetConditionError = refusalOf(() =>
          compileTarget(parsed.data.targetCondition ?? "", undefined, options),
        );
        const customMetricQueryErrors = Object.fromEntries(
          queries.flatMap(([name, text]) => {
            const error = refusalOf(() => compileMetrics({ [name]: text }, options));
            return error === null ? [] : [[name, error] as const];
          }),
        );
        // 200 also when they are wrong: that is the answer [facts 1.8].
        return { status: 200, body: { targetConditionError, customMetricQueryErrors } };
      },
    },
    {
      ...check,
      path: "/devices/:id/applyConfigurationContent",
      access: ACCESS.applyToEdge,
      answer: (call) => {
        const { deviceId } = devices.get(keyFrom(call));
        // The service's answer for a device that is none of IoT Edge, and the local hub has no other [facts 1.2].
        throw invalidContent(`the device ${deviceId} is no IoT Edge device`);
      },
    },
  ];
}

function refusalOf(compile: () => unknown): string | null {
  try {
    compile();
    return null;
  } catch (error) {
    if (error instanceof ServiceError) return error.message;
    throw error;
  }
}
