/** How long a key to an image is good for where the settings say nothing, ms. */
export const ACCESS_LIFE_MS = 24 * 3_600_000;
/** Shorter ones would have to be renewed while devices still wait for them. */
export const SHORTEST_ACCESS_LIFE_MS = 3_600_000;
/** A user delegation key is good for seven days [Get User Delegation Key]. */
export const LONGEST_ACCESS_LIFE_MS = 7 * 24 * 3_600_000;
