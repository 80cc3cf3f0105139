import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimsOf, findActor, type ActorSources } from "../../../rollout/cli/actor.ts";
import type { HubSettings } from "../../../rollout/cli/settings/settings.ts";

// Tokens of Entra, in the shape of version 1 and 2; nobody verifies them here, the hub does.

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-actor-"));
});
afterAll(() => rm(folder, { recursive: true }));

function token(claims: Readonly<Record<string, unknown>>): string {
  return [{ alg: "RS256", typ: "JWT" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .concat("signature")
    .join(".");
}

const KEY: HubSettings = {
  name: "plant",
  connectionString: "HostName=plant.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=a2V5",
  tier: "S1",
  units: 1,
};
const LOCAL: HubSettings = {
  ...KEY,
  connectionString: "HostName=localhost:8443;SharedAccessKeyName=s;SharedAccessKey=a2V5",
};

async function signedIn(claims: Readonly<Record<string, unknown>>): Promise<HubSettings> {
  const file = join(
    folder,
    `${Buffer.from(JSON.stringify(claims)).toString("base64url").slice(0, 60)}.token`,
  );
  await writeFile(file, token(claims));
  const { name, tier, units } = KEY;
  return { name, tier, units, hostName: "plant.azure-devices.net", credential: { kind: "token-file", file } };
}

async function actor(
  hub: HubSettings,
  more: {
    as?: string;
    environment?: ActorSources["environment"];
    others?: HubSettings[];
    scaled?: boolean;
  } = {},
): Promise<string> {
  const clock = more.scaled === true ? { clock: { scale: 600, realStartMs: 0, virtualStartMs: 0 } } : {};
  const found = await findActor({
    settings: { hub, otherHubs: more.others ?? [], ...clock },
    as: more.as,
    environment: more.environment ?? {},
    user: () => "me",
  });
  return found();
}

const GITHUB = { GITHUB_ACTOR: "alice", GITHUB_RUN_ID: "42" };

describe("who decides", () => {
  it("is the person the token names, whatever the environment says", async () => {
    const hub = await signedIn({ upn: "ada@contoso.com", oid: "1-2", appid: "az-cli" });
    expect(await actor(hub)).toBe("ada@contoso.com");
    expect(await actor(hub, { environment: GITHUB })).toBe("ada@contoso.com");
  });

  it("is who started the run, where the token is an application's", async () => {
    const hub = await signedIn({ appid: "app-1", oid: "1-2" });
    expect(await actor(hub, { environment: GITHUB })).toBe("alice");
    expect(await actor(hub)).toBe("app app-1 (1-2)");
  });

  it("is who started the run, else this machine's user, where a key opens the hub", async () => {
    expect(await actor(KEY, { environment: GITHUB })).toBe("alice");
    const azure = { BUILD_BUILDID: "7", BUILD_REQUESTEDFOREMAIL: "bob@contoso.com" };
    expect(await actor(KEY, { environment: azure })).toBe("bob@contoso.com");
    const scheduled = {
      BUILD_BUILDID: "7",
      BUILD_REQUESTEDFOREMAIL: "",
      BUILD_REQUESTEDFOR: "Azure Pipelines",
    };
    expect(await actor(KEY, { environment: scheduled })).toBe("Azure Pipelines");
    expect(await actor(KEY)).toBe("me");
  });

  it("is no variable that somebody sets without a run", async () => {
    expect(await actor(KEY, { environment: { GITHUB_ACTOR: "alice" } })).toBe("me");
    expect(await actor(KEY, { environment: { BUILD_REQUESTEDFOREMAIL: "bob@contoso.com" } })).toBe("me");
  });

  it("is asked for only where it is needed: a token that cannot be had is told then", async () => {
    const { name, tier, units } = KEY;
    const file = join(folder, "absent");
    const found = await findActor({
      settings: {
        hub: {
          name,
          tier,
          units,
          hostName: "plant.azure-devices.net",
          credential: { kind: "token-file", file },
        },
        otherHubs: [],
      },
      as: undefined,
      environment: GITHUB,
      user: () => "me",
    });
    expect(found).toThrow(/token file .* cannot be read/);
    await expect(actor(await signedIn({}))).rejects.toMatchObject({ code: "HUB_UNAUTHORIZED" });
  });

  it("is what --as says on a local hub, and on no other", async () => {
    expect(await actor(LOCAL, { as: "alice", environment: GITHUB })).toBe("alice");
    expect(await actor(KEY, { as: "alice", scaled: true })).toBe("alice");
    await expect(actor(KEY, { as: "alice" })).rejects.toMatchObject({ code: "BAD_OPTION" });
    await expect(actor(LOCAL, { as: "alice", others: [KEY] })).rejects.toMatchObject({ code: "BAD_OPTION" });
    const sly = {
      ...KEY,
      connectionString: "HostName=localhost.evil.example;SharedAccessKeyName=s;SharedAccessKey=a",
    };
    await expect(actor(sly, { as: "alice" })).rejects.toMatchObject({ code: "BAD_OPTION" });
    for (const as of ["", " ", "a\u001b[2J", "x".repeat(65)])
      await expect(actor(LOCAL, { as })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });
});

describe("claimsOf", () => {
  it.each([
    [{ upn: "ada@contoso.com" }, "ada@contoso.com", undefined],
    [{ unique_name: "live.com#ada@home.example" }, "live.com#ada@home.example", undefined],
    [{ preferred_username: "ada@contoso.com", azp: "cli", oid: "o" }, "ada@contoso.com", "app cli (o)"],
    [{ azp: "cli", oid: "o" }, undefined, "app cli (o)"],
    [{ oid: "o" }, undefined, "o"],
    [{ sub: "developer" }, undefined, "developer"],
    [{ upn: 5 }, undefined, undefined],
  ])("of %j", (claims, person, application) => {
    expect(claimsOf(token(claims))).toEqual({ person, application });
  });

  it.each(["", "a.b.c", "no token", "..", `a.${Buffer.from("[1]").toString("base64url")}.c`])(
    "of %j names nobody",
    (text) => {
      expect(claimsOf(text)).toEqual({ person: undefined, application: undefined });
    },
  );
});
