import type { Asking, Attempt } from "../attempt.ts";
import type { Image } from "../images.ts";
import type { RuleName } from "../rules.ts";
import type { Scenario } from "../scenario.ts";
import { createMaker } from "../signed-statement.ts";
import type { Trial } from "../trial.ts";
import { text } from "../twin-block.ts";
import { endsWell } from "./good-images.ts";

/** An image that must not be booted. */
interface Refusal {
  readonly name: string;
  readonly what: string;
  readonly rule: RuleName;
  readonly codes: readonly string[];
  readonly needs?: Scenario["needs"];
  /** Whether a byte of it may be asked for. */
  readonly isFetched: boolean;
  readonly asking: (trial: Trial) => Omit<Asking, "image">;
}

const REFUSALS: readonly Refusal[] = [
  {
    name: "truncated",
    what: "lacks its last bytes",
    rule: "digest",
    codes: ["SIZE_MISMATCH", "DIGEST_MISMATCH", "DOWNLOAD_FAILED"],
    isFetched: true,
    asking: ({ images: { good } }) => ({ bytes: good.bytes.subarray(0, good.bytes.length - 7) }),
  },
  {
    name: "wrong-digest",
    what: "has its size and one other bit",
    rule: "digest",
    codes: ["DIGEST_MISMATCH"],
    isFetched: true,
    asking: ({ images: { good } }) => ({ bytes: withOneOtherBit(good) }),
  },
  {
    name: "not-there",
    what: "is answered with 404",
    rule: "missing-image",
    codes: ["DOWNLOAD_MISSING", "DOWNLOAD_FAILED"],
    isFetched: true,
    asking: () => ({ mood: 404 }),
  },
  {
    name: "denied",
    what: "is answered with 403",
    rule: "missing-image",
    codes: ["DOWNLOAD_DENIED", "DOWNLOAD_FAILED"],
    isFetched: true,
    asking: () => ({ mood: 403 }),
  },
  {
    name: "redirected",
    what: "is answered with a redirect",
    rule: "missing-image",
    codes: ["DOWNLOAD_FAILED", "DOWNLOAD_MISSING"],
    isFetched: true,
    asking: () => ({ mood: 302 }),
  },
  {
    name: "unsigned",
    what: "is not signed",
    rule: "signature",
    codes: ["SIGNATURE_MISSING"],
    needs: ["signing"],
    isFetched: false,
    asking: () => ({ section: { fwManifest: "", fwManifestSignature: "" } }),
  },
  {
    name: "wrong-signature",
    what: "is signed by another key in the maker's name",
    rule: "signature",
    codes: ["SIGNATURE_INVALID"],
    needs: ["signing"],
    isFetched: false,
    asking: ({ signing }) => ({ signer: createMaker(), keyId: signing?.maker.pinned.keyId ?? "" }),
  },
  {
    name: "unknown-key",
    what: "is signed by a stranger",
    rule: "signature",
    codes: ["KEY_UNKNOWN"],
    needs: ["signing"],
    isFetched: false,
    asking: () => ({ signer: createMaker() }),
  },
  {
    name: "other-product",
    what: "is signed for another product",
    rule: "product",
    codes: ["PRODUCT_MISMATCH"],
    needs: ["signing"],
    isFetched: false,
    asking: ({ signing }) => ({ statement: { product: `${signing?.product ?? ""}-other` } }),
  },
  {
    name: "other-board",
    what: "is signed for another board",
    rule: "product",
    codes: ["HARDWARE_MISMATCH"],
    needs: ["signing"],
    isFetched: false,
    asking: ({ signing }) => ({ statement: { hardware: [`${signing?.hardware ?? ""}-other`] } }),
  },
  {
    name: "other-than-signed",
    what: "is another than its manifest says",
    rule: "manifest",
    codes: ["MANIFEST_DIFFERS"],
    needs: ["signing"],
    isFetched: false,
    asking: () => ({ statement: { sha256: "0".repeat(64) } }),
  },
];

/** What a device does with images that must not stay. */
export const BAD_IMAGES: readonly Scenario[] = [
  ...REFUSALS.map(refusalScenario),
  ...(["unhealthy", "sickens", "hangs"] as const).map((role): Scenario => ({
    name: role,
    story: {
      unhealthy: "An image fails its self-test.",
      sickens: "An image passes its self-test and fails within the health time.",
      hangs: "An image starts and does not answer any more.",
    }[role],
    rules: [role === "hangs" ? "hang" : "falls-back", "not-tried-again", "latch-kept"],
    needs: [role],
    isSlow: role === "hangs",
    run: async (trial) => {
      const image = trial.images[role];
      if (image === undefined) return;
      const rule = role === "hangs" ? "hang" : "falls-back";
      const { factory } = trial.images;
      const attempt = trial.ask({ image });
      const end = await trial.end(attempt);
      trial.must(rule, end?.outcome === "failed", "outcome failed");
      trial.expect(
        rule,
        end?.currentFwVersion === factory.version && end.fwUpdateStatus === "rolledback",
        `back on ${factory.version}, status rolledback`,
      );
      trial.expect(
        rule,
        ["SELF_TEST_FAILED", "HEALTH_FAILED", "BOOT_FAILED", "HUNG"].includes(text(end?.errorCode)),
        "errorCode SELF_TEST_FAILED, HEALTH_FAILED, BOOT_FAILED or HUNG",
      );
      await staysFailed(trial, attempt);
    },
  })),
  {
    name: "other-version",
    story: "An image states another version than was asked for.",
    rules: ["version-mismatch", "running-version"],
    run: async (trial) => {
      const { good } = trial.images;
      const attempt = trial.ask({ image: good, version: "7.7.7" });
      const end = await trial.end(attempt);
      trial.must("version-mismatch", end?.outcome === "failed", "outcome failed");
      trial.expect("version-mismatch", end?.errorCode === "VERSION_MISMATCH", "errorCode VERSION_MISMATCH");
      trial.expect("running-version", end?.currentFwVersion !== "7.7.7", "currentFwVersion is not 7.7.7");
    },
  },
  {
    name: "below-floor",
    story: "A completed release has raised the floor; a signed image below it is asked for.",
    rules: ["floor"],
    needs: ["signing", "next"],
    run: async (trial) => {
      const { factory, good, next } = trial.images;
      await endsWell(trial, trial.ask({ image: good }));
      if (next === undefined) return;
      await endsWell(trial, trial.ask({ image: next, statement: { floor: good.version } }));
      const attempt = trial.ask({ image: factory });
      const end = await trial.end(attempt);
      trial.must("floor", end?.outcome === "failed", "outcome failed");
      trial.expect(
        "floor",
        end?.errorCode === "BELOW_FLOOR" && end.currentFwVersion === next.version,
        `errorCode BELOW_FLOOR, stays on ${next.version}`,
      );
    },
  },
];

function refusalScenario({ name, what, rule, codes, needs = [], isFetched, asking }: Refusal): Scenario {
  return {
    name,
    story: `An image ${what}.`,
    rules: [rule, "not-tried-again", "latch-kept"],
    needs,
    run: async (trial) => {
      const { factory, good } = trial.images;
      const { bootId } = trial.device.block();
      const attempt = trial.ask({ image: good, ...asking(trial) });
      const end = await trial.end(attempt);
      trial.must(rule, end?.outcome === "failed", "outcome failed");
      trial.expect(rule, codes.includes(text(end?.errorCode)), `errorCode ${codes.join(" or ")}`);
      trial.expect(
        rule,
        end?.currentFwVersion === factory.version && end.bootId === bootId,
        `stays on ${factory.version}, never booted`,
      );
      if (!isFetched) trial.expect(rule, attempt.served.requests() === 0, "no byte is fetched");
      await staysFailed(trial, attempt);
    },
  };
}

/** Nothing more comes of a failed attempt, when it is heard again and after a power cut. */
async function staysFailed(trial: Trial, attempt: Attempt): Promise<void> {
  trial.repeat(attempt);
  const again = await trial.quiet();
  trial.expect(
    "not-tried-again",
    again.fetches === 0 && again.boots === 0 && again.reports === 0,
    "no report, no fetch and no boot when the failed request comes again",
  );
  const { device } = trial;
  if (device.power === undefined) {
    trial.skip("latch-kept", "the kit does not start this device");
    return;
  }
  const before = device.block();
  await trial.cutPower();
  const from = trial.timeline.all.length;
  trial.powerOn();
  const up = await trial.nextReport(attempt, ({ bootId }) => bootId !== before.bootId);
  trial.must("latch-kept", up !== undefined, "a report with a new bootId after the power cut");
  await trial.quiet();
  const isFetched = trial.timeline.all.slice(from).some(({ kind }) => kind === "fetchBegan");
  const after = device.block();
  trial.expect(
    "latch-kept",
    after.outcome === "failed" && after.errorCode === before.errorCode,
    `still failed, ${text(before.errorCode)}, after a power cut`,
  );
  trial.expect("not-tried-again", !isFetched, "nothing is fetched again after a power cut");
}

function withOneOtherBit({ bytes }: Image): Uint8Array {
  const other = Uint8Array.from(bytes);
  const at = other.length - 1;
  other[at] = (other[at] ?? 0) ^ 1;
  return other;
}
