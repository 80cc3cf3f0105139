/** Where a repository is hosted, as far as wavegate writes there; every call may be repeated and changes nothing twice. */
export interface GitHost {
  /** Post a comment on a pull request, or change the one that we posted with the same mark. */
  putComment(comment: MarkedComment): Promise<Written>;
  /** Texts of our comments with a mark, on the merged pull requests that a commit came by. */
  commentsOfCommit(commit: string, mark: string): Promise<readonly string[]>;
  /** Our issues, as they are now. */
  issues(): Promise<IssueBook>;
  /** Open a pull request that removes one file of the default branch, unless it was ever opened. */
  proposeRemoval(removal: Removal): Promise<Written | undefined>;
  /** Names of tags that begin so. */
  tags(prefix: string): Promise<ReadonlySet<string>>;
  /** Tag the newest commit that touched a file; undefined where none did. A tag that is there is never moved. */
  tagCommitOf(tag: CommitTag): Promise<Written | undefined>;
}

/** What was written, and where people see it. */
export interface Written {
  readonly change: "created" | "updated" | "none";
  readonly url: string;
}

/** A comment that is found again by the mark it begins with. */
export interface MarkedComment {
  readonly pullRequest: number;
  readonly mark: string;
  readonly body: string;
}

/** Issues of ours: one for each subject. */
export interface IssueBook {
  /** Open the subject's issue, or bring it up to date; undefined: it says so already, or there is none to close. */
  put(issue: MarkedIssue): Promise<Written | undefined>;
}

/** An issue that is found again by its subject. */
export interface MarkedIssue {
  /** What it is about: an attempt. */
  readonly subject: string;
  /** What it tells of: with the same one nothing is written, so that people may edit the text, and close the issue. */
  readonly version: string;
  readonly title: string;
  readonly body: string;
  /** False: it is over; an issue that is there is closed, and none is opened. */
  readonly open: boolean;
}

/** A pull request that removes a file. */
export interface Removal {
  /** Branch that nothing else is on; its name is what the pull request is found again by. */
  readonly branch: string;
  /** Path in the repository. */
  readonly path: string;
  /** The file's bytes as they are known here: another text on the default branch is left alone. */
  readonly content: Uint8Array;
  readonly title: string;
  readonly body: string;
}

/** A tag for the commit that declared something. */
export interface CommitTag {
  readonly name: string;
  readonly message: string;
  /** Path in the repository of the file whose newest commit is meant. */
  readonly path: string;
  /** Commit or branch to look back from; default: the default branch. */
  readonly from: string | undefined;
}
