/** Relative rounding of a threshold such as 6/0.05, which must not push it up to the next digit. */
const ROUNDING = 1e-12;

/** An e-value as people read it: 5,112; 90; 7.9; 0.14; 1.2e6. Rounded down: what is shown as reached is reached. */
export function formatEvidence(evidence: number): string {
  if (evidence === 0) return "0";
  if (evidence >= 10 && evidence < 1e6) return withThousands(Math.floor(evidence));
  const [mantissa = "", exponent = ""] = evidence.toExponential(12).split("e");
  const digits = mantissa.slice(0, 3);
  const power = Number(exponent);
  if (power > 0 || power < -3) return `${digits}e${power}`;
  return String(Number(`${digits}e${power}`));
}

/** A threshold as people read it, rounded up: evidence shown below it is below it. */
export function formatThreshold(threshold: number): string {
  return threshold < 1e6 ? withThousands(Math.ceil(threshold * (1 - ROUNDING))) : formatEvidence(threshold);
}

/** 12,345 for 12345: the same in every locale. */
export function withThousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
