/** Tiers of IoT Hub that have configurations, which a rollout consists of [IoT Hub: scaling]. */
export const HUB_TIERS = ["F1", "S1", "S2", "S3"] as const;
/** One of them. */
export type HubTier = (typeof HUB_TIERS)[number];
