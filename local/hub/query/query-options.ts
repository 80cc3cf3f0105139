/** How the hub reads queries, metrics and target conditions where Azure's documentation is silent or strict [facts 3.2]. */
export interface QueryOptions {
  /**
   * Default true: what is documented for twins and jobs alone. False also takes what is said to work in practice:
   * STARTS_WITH, IS_STRING and their kin, and arithmetic in target conditions [G].
   */
  readonly strictQuery?: boolean;
  /** Default "one", as the documentation shows; "many" takes several GROUP BY keys [G]. */
  readonly groupByKeys?: "one" | "many";
  /**
   * What NOT makes of a comparison with a missing property or across types: default "undefined", which keeps nobody;
   * with "false" the comparison counts as false, so that NOT of it is true [G].
   */
  readonly notOverMissing?: "undefined" | "false";
  /** Rows of the largest page: 100 (default) in newer documents, 1,000 in older ones [facts 3.1, G]. */
  readonly largestPage?: 100 | 1000;
}

/** The options with their defaults. */
export function withQueryDefaults(options: QueryOptions): Required<QueryOptions> {
  const {
    strictQuery = true,
    groupByKeys = "one",
    notOverMissing = "undefined",
    largestPage = 100,
  } = options;
  return { strictQuery, groupByKeys, notOverMissing, largestPage };
}
