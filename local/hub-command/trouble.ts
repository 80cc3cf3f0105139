/** Trouble that whoever typed the command can put right: told in one line, without a stack. */
export class CommandTrouble extends Error {
  override readonly name = "CommandTrouble";
}

/** Why a hub did not start, and what to do, in one line. */
export function startTrouble(error: unknown, data: string | undefined): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  switch (codeOf(cause) ?? "") {
    case "EADDRINUSE":
      return `${message} (--https-port, --mqtt-port), or another address (--host 127.0.0.3)`;
    case "EACCES":
      return `${message} (--https-port 8443, and the preload it prints), or allow it: sudo sysctl net.ipv4.ip_unprivileged_port_start=443`;
    case "EADDRNOTAVAIL":
      return `${message}: give it one (macOS: sudo ifconfig lo0 alias 127.0.0.2) or type another --host`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${message}: --host takes an address of this machine, such as 127.0.0.2`;
  }
  const code = codeOf(error);
  if (data === undefined || code === undefined) return message;
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `--data ${data}: this user may not use it (${message}): choose another folder, or give the user rights to it`;
    case "ENOTDIR":
    case "EEXIST":
      return `--data ${data}: there is something else in its way (${message}): choose another folder`;
    case "ENOENT":
      return `--data ${data}: a file of it is missing (${message}): take the folder from a copy, or start with an empty one`;
    case "ENOSPC":
      return `--data ${data}: the disk is full (${message}): make room and start again`;
    default:
      return `--data ${data}: ${message}`;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
