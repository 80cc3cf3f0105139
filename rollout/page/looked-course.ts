import type { RecordedCourse } from "../forecast/replay/recorded-course.ts";
import type { Look } from "../model/look.ts";

/** A course with its stored looks. */
export interface LookedCourse {
  readonly course: RecordedCourse;
  readonly looks: readonly Look[];
}
