const HUB = "Microsoft.Devices/IotHubs";

/** An operation that Azure's roles allow or not [IoT Hub: control access with Microsoft Entra ID]. */
export type DataAction =
  | `${typeof HUB}/${"configurations" | "devices" | "jobs" | "twins"}/${"read" | "write" | "delete"}`
  | `${typeof HUB}/configurations/${"applyToEdgeDevice" | "testQueries"}/action`
  | `${typeof HUB}/cloudToDeviceMessages/${"send" | "queue/purge"}/action`
  | `${typeof HUB}/directMethods/invoke/action`
  | `${typeof HUB}/statistics/read`;

/** Data actions of the built-in roles, as Azure lists them. */
const BUILT_IN_ROLES: Readonly<Record<string, readonly string[]>> = {
  "IoT Hub Data Contributor": [`${HUB}/*`],
  "IoT Hub Data Reader": [`${HUB}/*/read`, `${HUB}/fileUpload/notifications/action`],
  "IoT Hub Registry Contributor": [`${HUB}/devices/*`],
  "IoT Hub Twin Contributor": [`${HUB}/twins/*`],
};

/** Whether a caller with these roles may do something. */
export type IsAllowed = (roles: readonly string[], action: DataAction) => boolean;

/** The built-in roles, and custom ones: a name and its data actions, where `*` stands for anything. */
export function roleCheck(customRoles: Readonly<Record<string, readonly string[]>> = {}): IsAllowed {
  const roles = new Map(
    Object.entries({ ...BUILT_IN_ROLES, ...customRoles }).map(([name, actions]) => [
      name,
      actions.map(patternOf),
    ]),
  );
  return (names, action) => names.some((name) => roles.get(name)?.some((pattern) => pattern.test(action)));
}

/** Azure compares actions without regard to case. */
function patternOf(action: string): RegExp {
  const literal = action.replaceAll(/[.+?^${}()|[\]\\]/gu, String.raw`\$&`);
  return new RegExp(`^${literal.replaceAll("*", ".*")}$`, "iu");
}
