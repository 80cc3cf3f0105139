import { randomBytes } from "node:crypto";

/** Names and numbers of the service's errors that the local hub can answer with. */
const ERROR_NUMBERS = {
  ArgumentInvalid: 400004,
  BlobContainerValidationError: undefined,
  BulkRegistryOperationFailure: 400013,
  CannotModifyImmutableConfigurationContent: 404003,
  ConfigurationAlreadyExists: undefined,
  ConfigurationCountLimitExceeded: undefined,
  ConfigurationNotFound: undefined,
  DeviceAlreadyExists: 409001,
  BadDeviceResponse: undefined,
  DeviceMaximumQueueDepthExceeded: 403004,
  DeviceNotFound: 404001,
  DeviceNotOnline: 404103,
  GatewayTimeout: 504101,
  InvalidConfigurationContent: undefined,
  InvalidConfigurationCustomMetricsQuery: undefined,
  InvalidConfigurationTargetCondition: undefined,
  InvalidOperation: 400003,
  IotHubUnauthorized: undefined,
  IotHubQuotaExceeded: 403002,
  IotHubUnauthorizedAccess: 401002,
  JobAlreadyExists: undefined,
  JobNotFound: 404002,
  JobQuotaExceeded: 403003,
  ManagedIdentityNotEnabled: undefined,
  MessageTooLarge: 413001,
  ModuleAlreadyExistsOnDevice: 409301,
  ModuleNotFound: 404010,
  NotImplemented: 501000,
  PreconditionFailed: 412001,
  ServerError: 500001,
  ServiceUnavailable: 503001,
  ThrottleBacklogLimitExceeded: 429002,
  ThrottlingException: 429001,
  ThrottlingMaxActiveJobCountExceeded: 429004,
  TooManyDevices: 413002,
  TooManyModulesOnDevice: undefined,
} as const;

/** A request with a thousand mistakes is told of as many as fit. */
const MAX_MESSAGE = 2000;

/** The name the service gives an error, sent as `iothub-errorcode`. */
export type ServiceErrorCode = keyof typeof ERROR_NUMBERS;

/** A refusal by the hub, in the service's terms: HTTP status, error name, text. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly status: number;
  readonly code: ServiceErrorCode;
  /** How long the caller should wait before it asks again; only with 429. */
  readonly retryAfterSeconds: number | undefined;
  /** Set where the service tells REST callers in another form: JSON inside of `Message`, with this in it [facts 2.7]. */
  readonly info: Readonly<Record<string, string>> | undefined;

  constructor(
    status: number,
    code: ServiceErrorCode,
    details: { message: string; retryAfterSeconds?: number; info?: Readonly<Record<string, string>> },
  ) {
    const { message } = details;
    super(message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)} …` : message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.info = details.info;
  }
}

/** A request that breaks a rule of the service: 400 ArgumentInvalid. */
export function argumentInvalid(message: string): ServiceError {
  return new ServiceError(400, "ArgumentInvalid", { message });
}

/** Neither who asks nor what is amiss is told to a stranger: 401 IotHubUnauthorizedAccess. */
export function unauthorized(): ServiceError {
  return new ServiceError(401, "IotHubUnauthorizedAccess", { message: "Unauthorized" });
}

/** The device that the caller named is not registered: 404 DeviceNotFound. */
export function deviceNotFound(deviceId: string): ServiceError {
  return new ServiceError(404, "DeviceNotFound", { message: `Device ${deviceId} not registered` });
}

/** The module that the caller named is not registered: 404 ModuleNotFound. */
export function moduleNotFound(deviceId: string, moduleId: string): ServiceError {
  return new ServiceError(404, "ModuleNotFound", {
    message: `Module ${moduleId} not registered on device ${deviceId}`,
  });
}

/** A target condition that the service does not take: 400 InvalidConfigurationTargetCondition. */
export function targetConditionInvalid(message: string): ServiceError {
  return new ServiceError(400, "InvalidConfigurationTargetCondition", { message });
}

/** The etag of the caller is not the stored one: 412 PreconditionFailed. */
export function preconditionFailed(what: string): ServiceError {
  return new ServiceError(412, "PreconditionFailed", {
    message: `Precondition failed: the etag of ${what} has changed, read it again`,
  });
}

/** A feature of IoT Hub that the local hub lacks: 501, so that nobody mistakes it for an answer. */
export function notImplemented(what: string): ServiceError {
  return new ServiceError(501, "NotImplemented", {
    message: `The local hub does not implement ${what}, see docs/local-hub-fidelity.md`,
  });
}

/** A refusal in the service's terms of whatever went wrong. */
export function serviceErrorFrom(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ServiceError(500, "ServerError", { message: `The local hub failed: ${message}` });
}

/** What names one refusal, in the caller's error and in the hub's log. */
export function newTrackingId(now: number): string {
  const [date = "", time = ""] = new Date(now).toISOString().slice(0, 19).split("T");
  const [year = "", month = "", day = ""] = date.split("-");
  return `${randomBytes(16).toString("hex")}-G:0-TimeStamp:${month}/${day}/${year} ${time}`;
}

/**
 * The body of a REST error: `{"Message":"ErrorCode:<Name>;<text>","ExceptionMessage":"Tracking ID:…"}`, or for direct
 * methods `{"Message":"<JSON>","ExceptionMessage":""}` [facts 2.7].
 */
export function restErrorBody(
  error: ServiceError,
  { now, trackingId }: { readonly now: number; readonly trackingId: string },
): { Message: string; ExceptionMessage: string } {
  if (error.info !== undefined) {
    const { errorCode, message, timestampUtc } = mqttErrorBody(error, { now, trackingId });
    const inner = { errorCode, trackingId, message, info: error.info, timestampUtc };
    return { Message: JSON.stringify(inner), ExceptionMessage: "" };
  }
  // The SDK splits Message at ';' and drops everything after the second one; only quoted text of callers has any.
  return {
    Message: `ErrorCode:${error.code};${error.message.replaceAll(";", "%3B")}`,
    ExceptionMessage: `Tracking ID:${trackingId}`,
  };
}

/** The body of a twin error over MQTT: the SDK recognises a failure by a truthy `errorCode` alone. */
export function mqttErrorBody(
  error: ServiceError,
  { now, trackingId }: { readonly now: number; readonly trackingId: string },
): Record<string, string | number> {
  return {
    errorCode: ERROR_NUMBERS[error.code] ?? error.status * 1000,
    trackingId,
    message: error.message,
    timestampUtc: new Date(now).toISOString(),
  };
}
