import { setTimeout as sleep } from "node:timers/promises";

const TIMEOUT_MS = 10_000;
const POLL_MS = 10;

/** Resolves once `look` says so: for what has no event that could be seen from outside. Rejects when time is up. */
export async function untilTrue(
  look: () => boolean | Promise<boolean>,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await look())) {
    if (Date.now() > endMs) throw new Error(`${timeoutMs} ms went by: ${look}`);
    await sleep(POLL_MS);
  }
}
