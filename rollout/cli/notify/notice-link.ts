import type { Notice } from "../../model/notice.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What stands for itself in a link of the settings. */
export const LINK_PLACEHOLDERS = ["product", "release", "attempt", "record", "kind"] as const;

/** A notice with the address that it leads to: the settings' own, else that of the pipeline's run; else none. */
export function withLink(notice: Notice, template: string | undefined, environment: Environment): Notice {
  const link = template === undefined ? runAddress(environment) : filled(template, notice);
  return link === undefined ? notice : { ...notice, link };
}

function filled(template: string, notice: Notice): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => {
    const known = LINK_PLACEHOLDERS.find((placeholder) => placeholder === name);
    return known === undefined ? whole : encodeURIComponent(notice[known] ?? "");
  });
}

/** The run of GitHub Actions or Azure Pipelines that this is [their default variables]. */
function runAddress(environment: Environment): string | undefined {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = environment;
  if (isSet(GITHUB_SERVER_URL) && isSet(GITHUB_REPOSITORY) && isSet(GITHUB_RUN_ID))
    return safe(`${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`);
  const { SYSTEM_COLLECTIONURI, SYSTEM_TEAMPROJECT, BUILD_BUILDID } = environment;
  if (isSet(SYSTEM_COLLECTIONURI) && isSet(SYSTEM_TEAMPROJECT) && isSet(BUILD_BUILDID))
    return safe(
      `${SYSTEM_COLLECTIONURI.replace(/\/$/, "")}/${encodeURIComponent(SYSTEM_TEAMPROJECT)}/_build/results?buildId=${BUILD_BUILDID}`,
    );
  return undefined;
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

function safe(address: string): string | undefined {
  const url = URL.parse(address);
  return url?.protocol === "https:" || url?.protocol === "http:" ? url.href : undefined;
}
