/** Where a rate may lie, as fractions of one. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}
