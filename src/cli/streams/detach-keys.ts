import { DEFAULT_DETACH_KEYS, parseDetachKeys } from "../../base/detach-keys.ts";
import type { Cli } from "../cli.ts";

/** The keys that leave a container without ending it. */
export interface DetachKeys {
  /** As the engine is told; undefined leaves it to the engine's default. */
  readonly text: string | undefined;
  /** What is looked for in what is typed. */
  readonly bytes: readonly number[];
}

/** The keys of the command's `--detach-keys`, else of the configuration, else docker's. Errors: invalidArgument. */
export function chooseDetachKeys(cli: Cli, flag: string): DetachKeys {
  const text = flag || cli.config.detachKeys || undefined;
  return { text, bytes: parseDetachKeys(text ?? DEFAULT_DETACH_KEYS) };
}
