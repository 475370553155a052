import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { RuntimeSpec } from "../../spec/oci-runtime/mod.ts";
import type { RuntimeProgram } from "./runtime-programs.ts";

/** With it crun loads a filter as it is and compiles none. Source: crun(1), "EXTENSIONS TO OCI". */
const ANNOTATION = "run.oci.seccomp_bpf_data";
/** Where crun keeps the filter of a container, for its execs. */
const FILTER_FILE = "seccomp.bpf";
const MAX_FILTERS = 64;

/**
 * Filters that crun has compiled once, by what they were compiled from. Compiling docker's default profile takes as long
 * as all the rest of making a container, and nearly every container has the same one.
 */
export class CompiledSeccomp {
  readonly #filters = new Map<string, string>();

  /** `spec` with its filter already compiled, where it is known; `spec` itself otherwise. */
  apply(runtime: RuntimeProgram, spec: RuntimeSpec): RuntimeSpec {
    const key = keyOf(runtime, spec);
    const filter = key === undefined ? undefined : this.#filters.get(key);
    return filter === undefined
      ? spec
      : { ...spec, annotations: { ...spec.annotations, [ANNOTATION]: filter } };
  }

  /** Keeps what the runtime compiled for the container, whose state is in `stateDirectory`. */
  async remember(runtime: RuntimeProgram, spec: RuntimeSpec, stateDirectory: string): Promise<void> {
    const key = keyOf(runtime, spec);
    if (key === undefined || this.#filters.has(key)) return;
    try {
      const filter = await readFile(join(stateDirectory, FILTER_FILE));
      // Each profile of a user's own adds one; a bound keeps them from filling the memory.
      if (this.#filters.size >= MAX_FILTERS) this.#filters.clear();
      if (filter.byteLength > 0) this.#filters.set(key, filter.toString("base64"));
    } catch (error) {
      // Another version may keep it elsewhere: then it goes on compiling.
      if (!isErrno(error, "ENOENT")) throw error;
    }
  }
}

function keyOf(runtime: RuntimeProgram, spec: RuntimeSpec): string | undefined {
  const seccomp = spec.linux?.seccomp;
  if (!seccomp || seccomp.listenerPath || basename(runtime.path) !== "crun") return undefined;
  return digestOf(JSON.stringify(seccomp));
}
