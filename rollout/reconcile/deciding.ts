import type { Deciding } from "../engine/observation.ts";
import type { ImagePort, MetricPort } from "./ports.ts";

/** What ports and settings contribute to every decision; without an actor and a nonce it is for looking alone. */
export function decidingWith(
  { images, metrics }: { readonly images: ImagePort; readonly metrics?: MetricPort | undefined },
  by: { readonly queryLagMs: number; readonly actor?: string; readonly nonce?: string },
): Deciding {
  const { queryLagMs, actor = "", nonce = "" } = by;
  return {
    actor,
    nonce,
    queryLagMs,
    imageBase: images.base,
    accessLifeMs: images.keys?.lifeMs,
    sources: metrics?.sources ?? [],
  };
}
