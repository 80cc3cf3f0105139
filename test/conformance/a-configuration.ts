import type iothub from "azure-iothub";

/** A configuration in the form the SDK sends; it targets nobody unless a case says whom. */
export function aConfiguration(id: string, rest: Partial<iothub.Configuration> = {}): iothub.Configuration {
  return {
    id,
    schemaVersion: "2.0",
    content: { deviceContent: { "properties.desired.firmware": { version: id } } },
    targetCondition: "",
    priority: 10,
    ...rest,
  };
}
