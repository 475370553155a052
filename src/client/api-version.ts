import { NEWEST_API_VERSION, OLDEST_API_VERSION } from "../spec/engine-api/api-versions.ts";

function parts(version: string): [number, number] {
  const [major, minor] = version.split(".");
  return [Number(major), Number(minor ?? 0)];
}

/** Whether API version `a` is older than `b`. */
export function isOlder(a: string, b: string): boolean {
  const [majorA, minorA] = parts(a);
  const [majorB, minorB] = parts(b);
  return majorA === majorB ? minorA < minorB : majorA < majorB;
}

/** The newest version both sides know. An engine that does not tell its version speaks the oldest. */
export function negotiate(serverVersion: string): string {
  const server = serverVersion === "" ? OLDEST_API_VERSION : serverVersion;
  return isOlder(server, NEWEST_API_VERSION) ? server : NEWEST_API_VERSION;
}
