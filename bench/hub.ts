import { countFrom } from "./arguments.ts";
import type { Figure } from "./figure.ts";
import { measureAgents } from "./hub/agents.ts";
import { measureConnections } from "./hub/connections.ts";
import { measureInFolder } from "./hub/in-folder.ts";
import { measureInMemory } from "./hub/in-memory.ts";

const TWINS = 100_000;
const CONNECTIONS = 10_000;

/** What the local hub takes with many twins, in memory and in a data folder, and with many devices connected to it. */
export async function measure([
  twins = String(TWINS),
  connections = String(CONNECTIONS),
]: readonly string[]): Promise<readonly Figure[]> {
  const many = countFrom(twins, "number of twins");
  const connected = countFrom(connections, "number of connections");
  // First of all: what the twins leave to collect would slow down a process that answers handshakes.
  const agents = await measureAgents();
  const connecting = await measureConnections(connected);
  return [...(await measureInMemory(many)), ...(await measureInFolder(many)), agents, ...connecting];
}
