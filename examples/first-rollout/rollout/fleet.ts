import { defineFleet } from "wavegate";

export default defineFleet({
  products: {
    thermostat: {
      // What the thermostats left the factory with: adopting it writes to no device, and it is where they return to.
      adopt: {
        version: "1.0.0",
        artifact: {
          path: "sha256/1a274edb6e0e374dc17e01179a7f18e8ca626390f2cdbf52cf0f834105c9fb55.bin",
          sha256: "1a274edb6e0e374dc17e01179a7f18e8ca626390f2cdbf52cf0f834105c9fb55",
          size: 2_349,
          manifest: "",
          signature: "",
        },
      },
    },
  },
});
