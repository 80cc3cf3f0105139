/** Nothing is sent later than this after its listing [protocol §3, 4], by a clock that never jumps. */
export const OBSERVATION_LIFE_MS = 60_000;
