/** What the hub does with configurations where the documents are silent or disagree [facts 9]. */
export interface ConfigurationOptions {
  /** Status of an update that changes the content; default 400, though the number of the error, 404003, speaks for 404. */
  readonly contentChangeStatus?: 400 | 404;
  /** What a configuration shows as its `contentType`; default null, as in the Azure CLI's fixtures. */
  readonly configurationContentType?: null | "assignment";
  /** Characters of an id: "listed" (default), or all that are "not forbidden", such as a dot. */
  readonly configurationIds?: "listed" | "not forbidden";
}
