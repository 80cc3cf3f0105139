export const LONG_TESTS: readonly string[];
export const DEBIAN_TESTS: readonly {
  readonly name: string;
  readonly packages: readonly string[];
  readonly tests: readonly string[];
}[];
