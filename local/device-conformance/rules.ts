/** One thing a device owes its fleet, and where that is written. */
export interface Rule {
  /** What `--only` and the table call it. */
  readonly name: string;
  /** The rule in a few words. */
  readonly says: string;
  /** The sentence of docs/device.md it comes from, word for word. */
  readonly law: string;
}

/** Every rule the kit checks, in the order of the table; the place in it is the rule's number, from 1. */
export const RULES = [
  {
    name: "start-report",
    says: "tells at its start what runs, before any rollout",
    law: "The block is written at every start, with `bucket`, `bootId` and `currentFwVersion`, before any rollout",
  },
  {
    name: "whole-block",
    says: "every report leaves the whole block in the twin, with the words of the contract",
    law: "The agent always writes the whole block.",
  },
  {
    name: "bucket",
    says: "its bucket is the hash of its id",
    law: "`bucketOf(deviceId)`, so that a device nobody has stamped can still be told apart",
  },
  {
    name: "boot-id",
    says: "another bootId after every boot",
    law: "changes at every boot",
  },
  {
    name: "contact-first",
    says: "contact is told before anything that can fail",
    law: "Report `contacted` with `contactedAt` and `fromVersion` before it does anything that can fail.",
  },
  {
    name: "contact-once",
    says: "contactedAt and fromVersion never change for one rolloutId",
    law: "epoch seconds and running version at first contact with this rolloutId; written once",
  },
  {
    name: "latch",
    says: "an outcome goes contacted to ok or failed, ok to failed, and never back",
    law: "For one rolloutId it goes contacted → `ok` or `failed`, `ok` → `failed`, and never from `failed` to `ok`.",
  },
  {
    name: "latch-kept",
    says: "what has ended stays ended across a power cut",
    law: "Keep the latch per rolloutId, on disk, as above.",
  },
  {
    name: "recovered",
    says: "a failed attempt that runs after all stays failed and says recovered",
    law: "true beside `failed` when the attempt's image runs after all; it changes no count",
  },
  {
    name: "running-version",
    says: "currentFwVersion is what an image it was given states",
    law: "Report as `currentFwVersion` what the running image states, not what was asked for.",
  },
  {
    name: "ok-means-runs",
    says: "a good image ends in ok, and ok is said of no image but one that was fetched and runs",
    law: "`ok` is said when the image states the version asked for, has passed its self-test, and passes it again after the health time.",
  },
  {
    name: "ok-after-health",
    says: "ok comes no sooner than the health time after the boot",
    law: "Say `ok` only after the health time, and `failed` whenever it does not run what it was asked to.",
  },
  {
    name: "version-mismatch",
    says: "an image that states another version than was asked for is a failure",
    law: "its bytes are the ones asked for, and they state another version",
  },
  {
    name: "ended-is-ended",
    says: "a request heard again brings nothing about",
    law: "Compare by `rolloutId`, and do nothing about a request it has ended: the SDKs repeat them.",
  },
  {
    name: "not-tried-again",
    says: "a failed attempt is not fetched or booted again by itself",
    law: "A failed attempt is not tried again until something else was asked for in between.",
  },
  {
    name: "already-runs",
    says: "asked for what runs, it says ok-already in one report",
    law: "A device that runs that version and digest already says `ok-already`, one that left the factory with a newer version says `newer` and stays: one report each, in no rate.",
  },
  {
    name: "factory-newer",
    says: "born with a newer version, it says newer and stays",
    law: "A device that runs that version and digest already says `ok-already`, one that left the factory with a newer version says `newer` and stays: one report each, in no rate.",
  },
  {
    name: "rereads",
    says: "reads the twin after each connection and obeys what was asked meanwhile",
    law: "Read the whole twin after each connection and ignore older changes than the one read.",
  },
  {
    name: "hears",
    says: "hears changes on a line that was lost and came back",
    law: "Every connection is a new client: one that reconnects by itself does not subscribe again, and is deaf when the hub has forgotten its session.",
  },
  {
    name: "token-renewal",
    says: "hears as before after its token was renewed",
    law: "The twin is read twice at each connection, the second time behind the subscription, and once after each renewal of the token",
  },
  {
    name: "null-stays",
    says: "null, absent and no rolloutId mean stay",
    law: "An empty section (`null`, absent, no `rolloutId`) means stay: what has not been applied is given up, what runs is kept.",
  },
  {
    name: "take-back",
    says: "another request is obeyed before the switch and after the boot",
    law: "Another request is obeyed up to the moment the boot pointer is switched, and again as soon as the device has booted.",
  },
  {
    name: "return",
    says: "given an earlier attempt again, it runs that image and tells the attempt as it was",
    law: "Once the image really runs it tells the earlier attempt again, with its outcome, its `contactedAt` and its `fromVersion` as they were",
  },
  {
    name: "roll-back",
    says: "an attempt for an earlier version is obeyed like any other",
    law: "An attempt it has never seen is a contact like any other.",
  },
  {
    name: "malformed",
    says: "a request that cannot be read is a failure, and no end of the device",
    law: "A request that cannot be read is a failure (`DESIRED_INVALID`), not a silence.",
  },
  {
    name: "one-image",
    says: "one rolloutId for two images is a failure",
    law: "what it ran: one rolloutId was used for two images",
  },
  {
    name: "digest",
    says: "an image whose size or digest is not the stated one is never booted",
    law: "An image is written beside the other slot and takes its place when size and digest match",
  },
  {
    name: "missing-image",
    says: "an image that is not there, refused or elsewhere ends in a failure",
    law: "redirects are not followed",
  },
  {
    name: "broken-download",
    says: "a download that breaks off is gone on with or begun again",
    law: "It starts again when the server knows no ranges, states no strong `ETag`, has another file, or the whole has not the digest.",
  },
  {
    name: "signature",
    says: "nothing is fetched that its pinned keys did not sign",
    law: "A device with pinned keys installs nothing but what their owner signed for it, whoever writes its twin",
  },
  {
    name: "product",
    says: "an image signed for another product or board is refused",
    law: "what it ran: the image was signed for other devices",
  },
  {
    name: "manifest",
    says: "what stands beside the manifest has to agree with it",
    law: "what it ran: what stands beside the manifest is not what it says",
  },
  {
    name: "floor",
    says: "nothing below the floor that a completed release has set",
    law: "lowest version that a device may go back to once it runs this; absent: as low as before",
  },
  {
    name: "falls-back",
    says: "an image that fails its self-test or its health time is left for the one before",
    law: "the old slot stays the one to fall back to until the image has proven itself",
  },
  {
    name: "hang",
    says: "an image that hangs is left after a few boots",
    law: "An image that starts and hangs, in its start or in its self-test, is left after a time-out",
  },
  {
    name: "power-cut",
    says: "a power cut at any step is gone on from",
    law: "After a power cut the agent reads what runs and goes on from there",
  },
  {
    name: "five-reports",
    says: "five reports an update, and one more for each power cut or lost line",
    law: "Write at most five reports an update; each is an operation the hub counts.",
  },
  {
    name: "refused-report",
    says: "a refused report is told again later, the newest only, and not in a storm",
    law: "A refused report is told again after 30 s, the newest only.",
  },
  {
    name: "silent-hub",
    says: "a hub that does not answer is connected to again",
    law: "A read or a report that is not answered in 30 s ends the connection; the SDK itself would wait for ever.",
  },
] as const satisfies readonly Rule[];

/** Name of a rule. */
export type RuleName = (typeof RULES)[number]["name"];
