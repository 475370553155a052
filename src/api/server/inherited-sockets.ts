import { invalidArgument } from "../../base/errors.ts";

/** First descriptor that a service manager hands over. */
const FIRST_DESCRIPTOR = 3;

/**
 * Descriptors of listening sockets that the service manager handed over: all of them, or those called `name`.
 * Errors: invalidArgument where none was. Source: sd_listen_fds(3).
 */
export function inheritedDescriptors(name: string, env: NodeJS.ProcessEnv = process.env): number[] {
  const count = env["LISTEN_PID"] === String(process.pid) ? Number(env["LISTEN_FDS"] ?? 0) : 0;
  if (!(count > 0)) {
    throw invalidArgument(
      "no sockets found via socket activation: make sure the service was started by systemd",
    );
  }
  const names = (env["LISTEN_FDNAMES"] ?? "").split(":");
  const found: number[] = [];
  for (let at = 0; at < count; at++) {
    if (name === "" || name === "*" || names[at] === name || name === String(FIRST_DESCRIPTOR + at)) {
      found.push(FIRST_DESCRIPTOR + at);
    }
  }
  if (found.length === 0) throw invalidArgument(`no socket called ${name} found via socket activation`);
  return found;
}
