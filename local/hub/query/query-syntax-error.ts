import { placeText, type Place } from "./expression.ts";

/** The text is not a query, or not a condition: what is wrong, where, and what would be right. */
export class QuerySyntaxError extends Error {
  override readonly name = "QuerySyntaxError";
  readonly place: Place;

  constructor(trouble: string, place: Place, advice?: string) {
    super(`${trouble} ${placeText(place)}${advice === undefined ? "" : `: ${advice}`}`);
    this.place = place;
  }
}
