import { systemClock } from "../adapters/clock.ts";
import { credentialOf } from "../adapters/credential.ts";
import { deviceTwins } from "../adapters/device-twins.ts";
import { identityJobs } from "../adapters/identity-jobs.ts";
import { iotHub } from "../adapters/iot-hub.ts";
import { jobContainer } from "../adapters/job-container.ts";
import type { ClockPort, DeviceTwinsPort, HubPort, IdentityJobsPort } from "../reconcile/ports.ts";
import { readCa } from "./read-ca.ts";
import { registryOf } from "./session.ts";
import type { HubSettings, Settings } from "./settings/settings.ts";

/** What `enroll` works with: a connection by the identities' own sign-in, never by the rollout's where they differ. */
export interface EnrollmentSession {
  readonly hub: HubPort;
  readonly twins: DeviceTwinsPort;
  /** Absent where the settings name no container. */
  readonly jobs: IdentityJobsPort | undefined;
  readonly clock: ClockPort;
}

/** Open it. */
export async function openEnrollment(settings: Settings, hub: HubSettings): Promise<EnrollmentSession> {
  const { identities = {} } = settings;
  const { name, tier, units } = hub;
  const registry = await registryOf(asIdentities(hub, settings));
  const clock = systemClock(settings.clock);
  const { container, caFile } = identities;
  return {
    hub: iotHub({ name, registry, clock, tier, units }),
    twins: deviceTwins({ registry, hub: name }),
    clock,
    jobs:
      container === undefined
        ? undefined
        : identityJobs({
            registry,
            hub: name,
            clock,
            container: jobContainer({
              address: container,
              credential: await credentialOf(
                identities.credential ?? hub.credential ?? settings.images.credential,
              ),
              ...(caFile === undefined ? {} : { ca: await readCa(caFile) }),
            }),
          }),
  };
}

/** The hub, with the sign-in of the identities in place of the rollout's. A key for the hub stays what reaches it. */
function asIdentities(hub: HubSettings, { identities = {} }: Settings): HubSettings {
  const { connectionString, credential } = identities;
  if (connectionString !== undefined) {
    const { name, tier, units, caFile } = hub;
    return { name, tier, units, connectionString, ...(caFile === undefined ? {} : { caFile }) };
  }
  if (credential === undefined || hub.connectionString !== undefined) return hub;
  return { ...hub, credential };
}
