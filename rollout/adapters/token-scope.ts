/** The resource that tokens for IoT Hub are for, as Registry.fromTokenCredential has it. */
export const TOKEN_SCOPE = "https://iothubs.azure.net/.default";
