/**
 * What the lab clicks together in the portal, by Microsoft's own service SDK. It works against any IoT Hub.
 *
 *   node by-hand.ts create             the configuration `firmwareupdate` for sensor-th-0155
 *   node by-hand.ts watch ID VERSION   a configuration's page and the device's twin, until the device runs the version
 *   node by-hand.ts remove             deletes `firmwareupdate`, until the request has left the twin
 *
 * - `IOTHUB_CONNECTION_STRING`: of a policy that may write the registry, such as iothubowner
 * - `REFRESH_SECONDS`: between two looks; default: 6, for a hub of S1 answers 20 of them a minute
 */
import { setTimeout as sleep } from "node:timers/promises";
import azureIothub from "azure-iothub";

const DEVICE = "sensor-th-0155";
const LAB = "firmwareupdate";
const LAB_VERSION = "1.0.1";
/** Looks after which something must be wrong. */
const MOST_LOOKS = 500;
/** What the lab calls success, and what wavegate does. */
const SUCCESSES = ["fwupdated", "succeeded"];
/** What the lab writes; wavegate writes these too, and more. */
const LAB_FIELDS = ["fwVersion", "fwPackageURI", "fwPackageCheckValue"];

type Section = Readonly<Partial<Record<string, string | number>>>;

const { IOTHUB_CONNECTION_STRING, REFRESH_SECONDS = "6" } = process.env;
if (IOTHUB_CONNECTION_STRING === undefined)
  throw new Error("Set IOTHUB_CONNECTION_STRING; this file's first lines explain it");
const registry = azureIothub.Registry.fromConnectionString(IOTHUB_CONNECTION_STRING);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const [verb, id = "", version = ""] = process.argv.slice(2);
if (verb === "create") await create();
else if (verb === "watch" && version !== "") await watch(id, version);
else if (verb === "remove") await remove();
else throw new Error("type create, watch ID VERSION or remove; this file's first lines explain them");

async function create(): Promise<void> {
  await registry.addConfiguration({
    id: LAB,
    schemaVersion: "1.0",
    labels: {},
    content: {
      deviceContent: {
        "properties.desired.firmware": {
          fwVersion: LAB_VERSION,
          fwPackageURI: "https://MyPackage.uri",
          fwPackageCheckValue: "1234",
        },
      },
    },
    targetCondition: `deviceId='${DEVICE}'`,
    priority: 10,
    metrics: {
      queries: {
        fwupdated: `SELECT deviceId FROM devices WHERE properties.reported.firmware.currentFwVersion='${LAB_VERSION}'`,
      },
    },
  });
  say(`created ${LAB}: priority 10, target condition deviceId='${DEVICE}', metric fwupdated`);
}

/** What the portal shows: a line for each thing that has changed since the last look. */
async function watch(configuration: string, until: string): Promise<void> {
  const told = new Map<string, string>();
  const tell = (kind: string, text: string): void => {
    if (told.get(kind) !== text) say(`${kind.padEnd(8)}${text}`);
    told.set(kind, text);
  };
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const page = (await registry.getConfigurations()).responseBody.find(({ id }) => id === configuration);
    const { desired, reported } = await firmware();
    if (desired !== undefined) tell("down", requestText(desired));
    // Counted when the hub evaluates: on Azure shortly after a change, then every five minutes. Until then: unknown.
    const counts: Section = {
      targeted: page?.systemMetrics?.results?.["targetedCount"],
      applied: page?.systemMetrics?.results?.["appliedCount"],
      ...page?.metrics?.results,
    };
    const countsText = Object.entries(counts).map(([name, count]) => `${name} ${count ?? "-"}`);
    tell("portal", `${configuration}: ${page === undefined ? "not there yet" : countsText.join(", ")}`);
    tell(
      "twin",
      `${DEVICE}: runs ${text(reported, "currentFwVersion")}, ${text(reported, "fwUpdateStatus")}`,
    );
    const isThere = reported["currentFwVersion"] === until && reported["fwUpdateStatus"] === "current";
    const isCounted = SUCCESSES.some((name) => counts[name] === 1);
    if (isThere && isCounted && counts["applied"] === 1) return;
    await refresh();
  }
  throw new Error(`${DEVICE} does not come to ${until}: look at its twin, and at the log of the device`);
}

async function remove(): Promise<void> {
  await registry.removeConfiguration(LAB);
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const { desired, reported } = await firmware();
    if (desired === undefined) {
      say(
        `deleted ${LAB}: the twin asks for nothing, and ${DEVICE} runs ${text(reported, "currentFwVersion")}`,
      );
      return;
    }
    await refresh();
  }
  throw new Error(`the twin of ${DEVICE} still has a firmware section: does another configuration write it?`);
}

async function firmware(): Promise<{ readonly desired: Section | undefined; readonly reported: Section }> {
  const { responseBody } = await registry.getTwin(DEVICE);
  // The SDK types properties as anything; both sides write texts and numbers here.
  const { desired, reported } = responseBody.properties as Record<
    "desired" | "reported",
    { readonly firmware?: Section | null }
  >;
  return { desired: desired.firmware ?? undefined, reported: reported.firmware ?? {} };
}

/** The lab's three fields in full, the names of the others. */
function requestText(desired: Section): string {
  const known = LAB_FIELDS.map((name) => `${name} ${text(desired, name)}`);
  const others = Object.keys(desired).filter((name) => !LAB_FIELDS.includes(name));
  return [...known, ...(others.length === 0 ? [] : [`and ${others.join(", ")}`])].join(", ");
}

function text(section: Section, name: string): string {
  return String(section[name] ?? "-");
}

function refresh(): Promise<void> {
  return sleep(Number(REFRESH_SECONDS) * 1000);
}
