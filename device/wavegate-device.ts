/** What a device's program imports: `import { commandDriver, startAgent, systemClock } from "wavegate/device"`. */
export { startAgent, type Agent, type AgentOptions, type DownloadSettings } from "./agent.ts";
export type { AgentEvent } from "./agent-event.ts";
export { systemClock, type DeviceClock } from "./clock.ts";
export { commandDriver, type CommandDriverOptions } from "./drivers/command.ts";
export type { Boot, Driver, RunningImage } from "./drivers/driver.ts";
export { parseUpdateSteps, readUpdateSteps, type UpdateStepsFile } from "./drivers/update-steps-file.ts";
export { wasmDriver, type WasmDriverOptions } from "./drivers/wasm.ts";
export { installFactoryImage, type FactoryOptions } from "./factory.ts";
export { DeviceError } from "./failure.ts";
export type { Permission } from "./permission.ts";
export type { Trust } from "./trust.ts";
