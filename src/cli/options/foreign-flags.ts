import { ExitError } from "../exit.ts";

/** Flags of docker's that only mean something to containers of another system. */
const WINDOWS_FLAGS = ["cpu-count", "cpu-percent", "io-maxbandwidth", "io-maxiops"];

/** Ends the program for a flag that was given and that no Linux engine serves. Source: docker 28's text. */
export function refuseWindowsFlags(given: ReadonlySet<string>): void {
  const flag = WINDOWS_FLAGS.find((name) => given.has(name));
  if (flag === undefined) return;
  throw new ExitError(
    1,
    `"--${flag}" is only supported on a Docker daemon running on windows, but the Docker daemon is running on linux`,
  );
}

/**
 * Ends the program where signatures are to be checked by a service that Docker itself has given up: by the option, or
 * by the environment where the option is not given.
 */
export function refuseContentTrust(
  env: NodeJS.ProcessEnv,
  disabled: boolean,
  given: ReadonlySet<string>,
): void {
  const refuse = (cause: string) => new ExitError(1, `${cause}: Docker Content Trust is not supported`);
  if (!disabled) throw refuse("--disable-content-trust=false");
  if (given.has("disable-content-trust")) return;
  const wanted = env["DOCKER_CONTENT_TRUST"] ?? "";
  // Whatever is not a boolean asks for it, as in docker.
  if (wanted !== "" && !["0", "f", "F", "false", "FALSE", "False"].includes(wanted))
    throw refuse(`DOCKER_CONTENT_TRUST=${wanted}`);
}
