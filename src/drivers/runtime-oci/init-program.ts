import { basename, isAbsolute, join } from "node:path";
import { internal } from "../../base/errors.ts";
import { findProgram } from "./runtime-programs.ts";

/** The name that docker has for the program that is process 1 of containers with an init. */
const INIT_NAME = "docker-init";

/** Programs of other names that do the same, linked statically. */
const OTHER_NAMES = ["tini-static", "catatonit"];

/** Where packages put programs that only other programs start, in dockerd's order; then podman's. */
const HELPER_DIRECTORIES = [
  "/usr/local/libexec/docker",
  "/usr/libexec/docker",
  "/usr/local/lib/docker",
  "/usr/lib/docker",
  "/usr/local/libexec",
  "/usr/libexec",
  "/usr/libexec/podman",
  "/usr/lib/podman",
];

function findByName(name: string): string | undefined {
  for (const directory of HELPER_DIRECTORIES) {
    const path = findProgram(join(directory, name));
    if (path !== undefined) return path;
  }
  return findProgram(name);
}

/**
 * The init program's path. `configured`: a path, which is taken as it is, or a name; empty for docker-init or any of
 * its like. Looked for anew by each call, since it may be installed meanwhile. Errors: internal where there is none.
 */
export function findInitProgram(configured: string): string {
  if (isAbsolute(configured)) return configured;
  const names = configured === "" ? [INIT_NAME, ...OTHER_NAMES] : [configured];
  for (const name of names) {
    const path = findByName(name);
    if (path !== undefined) return path;
  }
  throw internal(`exec: ${JSON.stringify(names[0])}: executable file not found in $PATH`, {
    hint: "Install the package tini.",
  });
}

/** The name by which `info` calls the init program. */
export function nameOfInit(configured: string): string {
  if (configured !== "") return configured;
  try {
    return basename(findInitProgram(configured));
  } catch {
    // Without any, docker's name is the one to install.
    return INIT_NAME;
  }
}
