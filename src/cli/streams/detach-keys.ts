import { DEFAULT_DETACH_KEYS, parseDetachKeys } from "../../base/detach-keys.ts";
import type { Cli } from "../cli.ts";

/** The keys that leave a container without ending it. */
export interface DetachKeys {
  /** As the engine is told; undefined leaves it to the engine's default. */
  readonly text: string | undefined;
  /** What is looked for in what is typed. */
  readonly bytes: readonly number[];
}

/**
 * The keys of the command's `--detach-keys`, else of the configuration, else docker's. What makes no sense is for the
 * engine to refuse.
 */
export function chooseDetachKeys(cli: Cli, flag: string): DetachKeys {
  const text = flag || cli.config.detachKeys || undefined;
  return { text, bytes: parsedOrDefault(text) };
}

function parsedOrDefault(text: string | undefined): number[] {
  try {
    return parseDetachKeys(text ?? DEFAULT_DETACH_KEYS);
  } catch {
    // The engine says what is wrong, and there is nothing to leave then.
    return parseDetachKeys(DEFAULT_DETACH_KEYS);
  }
}
