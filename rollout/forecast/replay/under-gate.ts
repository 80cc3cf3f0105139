import type { Gate } from "../../model/gate.ts";
import type { Release } from "../../model/release.ts";

/** The same release under another gate. Waves that bake as long as their own gate says bake as the new one says. */
export function underGate(release: Release, gate: Gate): Release {
  const waves = release.waves.map((wave) =>
    wave.bakeMs === release.gate.bakeMs ? { ...wave, bakeMs: gate.bakeMs } : wave,
  );
  return { ...release, gate, waves };
}
