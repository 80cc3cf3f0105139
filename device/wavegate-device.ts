/** What a device's program imports: `import { commandDriver, startAgent, systemClock } from "wavegate/device"`. */
export type { FirmwareReported } from "../rollout/model/twin-contract.ts";
export type { MaintenanceWindow } from "../rollout/model/maintenance-window.ts";
export { startAgent, type Agent } from "./agent.ts";
export type { AgentOptions, DownloadSettings } from "./agent-options.ts";
export type { AgentEvent } from "./agent-event.ts";
export { systemClock, type DeviceClock } from "./clock.ts";
export type { Disk, DiskFile } from "./disk.ts";
export {
  commandDriver,
  type CommandDriverOptions,
  type StepMachine,
} from "./drivers/command/command-driver.ts";
export type {
  AskedImage,
  Boot,
  Driver,
  ImageSource,
  KeptPart,
  RunningImage,
  SlotOpening,
  SlotWriter,
} from "./drivers/driver.ts";
export type { NamedProgress } from "./drivers/command/maker-steps.ts";
export type { StepEnd, StepProcess } from "./drivers/command/step-process.ts";
export {
  parseUpdateSteps,
  readUpdateSteps,
  type StepsProblem,
  type UpdateStepsFile,
} from "./drivers/command/update-steps-file.ts";
export type { UpdateSteps } from "./drivers/command/update-steps.ts";
export type { BoardFirmware, BoardOptions } from "./drivers/wasm/wasm-board.ts";
export type { Hardware } from "./drivers/wasm/wasm-image.ts";
export { wasmDriver, type WasmDriverOptions } from "./drivers/wasm/wasm-driver.ts";
export { installFactoryImage, type FactoryOptions } from "./drivers/wasm/factory-image.ts";
export { DeviceError, ERROR_CODES, type ErrorCode, type Failure } from "./failure.ts";
export type { HubLinkEvent } from "./hub-link.ts";
export type {
  HubAddress,
  HubSession,
  HubSessionOptions,
  DirectMethods,
  MethodAnswer,
  OpenHubSession,
} from "./hub-session.ts";
export type { AskedUpdate, Permission } from "./permission.ts";
export type { PinnedKey, Trust } from "./trust.ts";
