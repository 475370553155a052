import { invalidArgument } from "../../../base/errors.ts";
import { readGoBool } from "../../../base/go-bool.ts";

/** What `--security-opt` asked for. */
export interface SecurityOptions {
  /** Undefined where the user left it open. */
  readonly noNewPrivileges: boolean | undefined;
  /** `unconfined`, `builtin`, or a profile's JSON; undefined for the default. */
  readonly seccomp: string | undefined;
  readonly apparmor: string | undefined;
  readonly labels: readonly string[];
  readonly systemPathsUnconfined: boolean;
  readonly writableCgroups: boolean;
}

function parseBoolean(value: string, option: string): boolean {
  const said = value === "" ? true : readGoBool(value);
  if (said !== undefined) return said;
  throw invalidArgument(`invalid --security-opt 2: ${JSON.stringify(option)}`);
}

/** The options in their meaning. Errors: invalidArgument with docker's text. */
export function parseSecurityOptions(options: readonly string[] | null | undefined): SecurityOptions {
  let noNewPrivileges: boolean | undefined;
  let seccomp: string | undefined;
  let apparmor: string | undefined;
  let systemPathsUnconfined = false;
  let writableCgroups = false;
  const labels: string[] = [];
  for (const option of options ?? []) {
    // `key:value` is the older form; a profile's JSON has colons of its own, so the equals sign goes first.
    const [, key = option, value] = /^([a-z-]+)[=:](.*)$/s.exec(option) ?? [];
    if (key === "no-new-privileges") noNewPrivileges = parseBoolean(value ?? "", option);
    else if (key === "writable-cgroups") writableCgroups = parseBoolean(value ?? "", option);
    else if (value === undefined) {
      if (option !== "disable") throw invalidArgument(`invalid --security-opt 1: ${JSON.stringify(option)}`);
      labels.push(option);
    } else if (key === "seccomp") seccomp = value;
    else if (key === "apparmor") apparmor = value;
    else if (key === "label") labels.push(value);
    else if (key === "systempaths" && value === "unconfined") systemPathsUnconfined = true;
    else throw invalidArgument(`invalid --security-opt 2: ${JSON.stringify(option)}`);
  }
  return { noNewPrivileges, seccomp, apparmor, labels, systemPathsUnconfined, writableCgroups };
}
