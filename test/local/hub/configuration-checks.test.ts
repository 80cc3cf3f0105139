import { describe, expect, it } from "vitest";
import { ask } from "./authorized-request.ts";
import { openHub } from "./hub-fixture.ts";

describe("POST /configurations/testQueries", () => {
  it("answers 200 also when they are wrong, with what a creation would be refused with [facts 1.8]", async () => {
    await using fixture = await openHub();
    const customMetricQueries = {
      good: "SELECT * FROM devices",
      bad: "SELECT",
      odd: "SELECT * FROM nothing",
    };
    const body = { targetCondition: "tags.a IN [1]", customMetricQueries };
    const answer = await ask(fixture.hub, "POST /configurations/testQueries", { body });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      targetConditionError: expect.stringContaining("IN at line 1") as string,
      customMetricQueryErrors: {
        bad: expect.stringContaining("Unexpected end") as string,
        odd: expect.stringContaining("Unknown collection nothing") as string,
      },
    });
    expect(await ask(fixture.hub, "POST /configurations/testQueries", { body: "[]" })).toMatchObject({
      status: 400,
    });
  });
});
