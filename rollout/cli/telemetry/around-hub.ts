import {
  errorType,
  type Around,
  type Attributes,
  type Telemetry,
} from "../../adapters/telemetry/telemetry.ts";
import { INSTRUMENTS } from "./instruments.ts";

/** Requests to a hub: spans, and how long each took. */
export function aroundHub(telemetry: Telemetry): Around {
  return async (facts, run) => {
    const began = performance.now();
    const ended = (more: Attributes): void => {
      const attributes = { ...facts.attributes, ...more };
      telemetry.measure({ instrument: INSTRUMENTS.hubCall, value: secondsSince(began), attributes });
    };
    try {
      const value = await telemetry.around(facts, run);
      ended({});
      return value;
    } catch (error) {
      ended({ "error.type": errorType(error) });
      throw error;
    }
  };
}

/** Seconds since an instant of `performance.now()`. */
export function secondsSince(began: number): number {
  return (performance.now() - began) / 1_000;
}
