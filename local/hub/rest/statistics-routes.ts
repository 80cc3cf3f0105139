import type { DeviceStore } from "../device-store.ts";
import { ACCESS } from "./route-access.ts";
import type { Route } from "./service-call.ts";

/** How many devices there are, and how many are connected [facts 4.1]; no throttle is documented. */
export function statisticsRoutes(devices: DeviceStore): readonly Route[] {
  const statistics = {
    method: "GET",
    access: ACCESS.readStatistics,
    counted: "registry",
    throttled: undefined,
  } as const;
  return [
    {
      ...statistics,
      path: "/statistics/devices",
      answer: () => {
        const totalDeviceCount = devices.size();
        const disabledDeviceCount = Iterator.from(devices.all()).reduce(
          (count, { status }) => count + (status === "disabled" ? 1 : 0),
          0,
        );
        const enabledDeviceCount = totalDeviceCount - disabledDeviceCount;
        return { status: 200, body: { totalDeviceCount, enabledDeviceCount, disabledDeviceCount } };
      },
    },
    {
      ...statistics,
      path: "/statistics/service",
      answer: () => ({
        status: 200,
        body: {
          connectedDeviceCount: Iterator.from(devices.all()).reduce(
            (count, { connected }) => count + (connected ? 1 : 0),
            0,
          ),
        },
      }),
    },
  ];
}
