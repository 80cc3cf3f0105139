import type { Command } from "./command.ts";
import { abort } from "./commands/abort.ts";
import { apply } from "./commands/apply.ts";
import { approve } from "./commands/approve.ts";
import { completion } from "./commands/completion.ts";
import { enroll } from "./commands/enroll.ts";
import { exportStore } from "./commands/export.ts";
import { forecast } from "./commands/forecast.ts";
import { gateCheck } from "./commands/gate-check.ts";
import { gitComment } from "./commands/git-comment.ts";
import { gitJournal } from "./commands/git-journal.ts";
import { gitVerifyPlan } from "./commands/git-verify-plan.ts";
import { history } from "./commands/history.ts";
import { hold } from "./commands/hold.ts";
import { keysNew } from "./commands/keys-new.ts";
import { lint } from "./commands/lint.ts";
import { override } from "./commands/override.ts";
import { plan } from "./commands/plan.ts";
import { reconcile } from "./commands/reconcile.ts";
import { releaseAdd } from "./commands/release-add.ts";
import { releaseVerify } from "./commands/release-verify.ts";
import { replay } from "./commands/replay.ts";
import { resume } from "./commands/resume.ts";
import { retry } from "./commands/retry.ts";
import { status } from "./commands/status.ts";
import { stop } from "./commands/stop.ts";
import { verify } from "./commands/verify.ts";

/** Every verb, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  plan,
  apply,
  reconcile,
  status,
  history,
  forecast,
  lint,
  gateCheck,
  verify,
  exportStore,
  replay,
  approve,
  hold,
  resume,
  abort,
  override,
  retry,
  stop,
  enroll,
  releaseAdd,
  releaseVerify,
  keysNew,
  gitComment,
  gitVerifyPlan,
  gitJournal,
  completion,
];
