import { describe, expect, it } from "vitest";
import { AWS_SAMPLE, awsIotJobs } from "../../../../bench/gates/rules/aws-iot-jobs.ts";
import { seen, shown } from "./seen.ts";

const judge = awsIotJobs(AWS_SAMPLE).start();

describe("AWS IoT Jobs' rule, with the sample of its developer guide", () => {
  it("does not check before 100 devices have completed job executions", () => {
    expect(judge(shown(seen({ targeted: 1000, failed: 99 })))).toBe("go");
  });

  it("aborts when at least 20% of the completed executions have failed after 100 have completed", () => {
    expect(judge(shown(seen({ targeted: 1000, ok: 80, failed: 20 })))).toBe("stop");
    expect(judge(shown(seen({ targeted: 1000, ok: 81, failed: 19 })))).toBe("go");
  });

  it("aborts when half of at least 200 timed out, and counts those in progress nowhere", () => {
    expect(judge(shown(seen({ targeted: 1000, ok: 100, silent: 100 })))).toBe("stop");
    expect(judge(shown(seen({ targeted: 1000, ok: 100, silent: 99 })))).toBe("go");
  });

  it("judges the job as a whole, whatever the waves", () => {
    const waves = shown(seen({ targeted: 100, ok: 90 }), seen({ targeted: 100, failed: 30 }));
    expect(judge(waves)).toBe("stop");
  });

  it("adds up failures and time-outs with ALL", () => {
    const all = awsIotJobs([{ failureType: "ALL", thresholdPercentage: 20, minNumberOfExecutedThings: 100 }]);
    expect(all.start()(shown(seen({ targeted: 200, ok: 80, failed: 10, silent: 10 })))).toBe("stop");
  });
});
