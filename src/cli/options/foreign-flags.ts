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

/** Ends the program where signatures are to be checked by a service that Docker itself has given up. */
export function refuseContentTrust(disabled: boolean): void {
  if (disabled) return;
  throw new ExitError(1, "--disable-content-trust=false: Docker Content Trust is not supported");
}
