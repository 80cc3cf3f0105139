import type { NewDevice } from "./device.ts";
import { argumentInvalid, ServiceError } from "./service-error.ts";
import { checkOutcome, checkTwinWrite } from "./device-outcome.ts";

/** Registrable ids [facts 2.4]. */
const ID = /^[A-Za-z0-9\-.+%_#*?!(),=@$':]{1,128}$/u;
/** [facts 2.6, G]: older documents say 20. */
const MAX_MODULES = 50;

/** What the hub holds already, as far as a registration has to know it. */
export interface Holdings {
  readonly isTaken: boolean;
  readonly devices: number;
  readonly maxDevices: number;
  /** Modules of the same device. */
  readonly modules: number;
}

/** Refuse a device or module that cannot be registered. */
export function checkRegistration(device: NewDevice, holdings: Holdings): void {
  const { deviceId, moduleId, tags } = device;
  checkId("device", deviceId);
  if (moduleId !== undefined) checkId("module", moduleId);
  if (holdings.isTaken) throw alreadyThere(device);
  if (holdings.devices >= holdings.maxDevices) {
    throw new ServiceError(413, "TooManyDevices", {
      message: `The hub holds ${holdings.maxDevices} devices and modules, its limit: remove some first`,
    });
  }
  if (moduleId !== undefined && holdings.modules >= MAX_MODULES) {
    throw new ServiceError(413, "TooManyModulesOnDevice", {
      message: `The device ${deviceId} has ${MAX_MODULES} modules, its limit: remove some first`,
    });
  }
  if (tags !== undefined) {
    checkTwinWrite({ tags });
    checkOutcome({ changes: { tags }, parts: 0 });
  }
}

function checkId(kind: "device" | "module", id: string): void {
  if (ID.test(id)) return;
  throw argumentInvalid(
    `The ${kind} id ${JSON.stringify(id.slice(0, 140))} is not 1 to 128 characters of A-Z a-z 0-9 and - . + % _ # * ? ! ( ) , = @ $ ' :`,
  );
}

function alreadyThere({ deviceId, moduleId }: NewDevice): ServiceError {
  return moduleId === undefined
    ? new ServiceError(409, "DeviceAlreadyExists", {
        message: `A device with ID '${deviceId}' is already registered`,
      })
    : new ServiceError(409, "ModuleAlreadyExistsOnDevice", {
        message: `A module with ID '${moduleId}' is already registered on device '${deviceId}'`,
      });
}
