import type { HostConfig } from "../../../spec/engine-api/mod.ts";
import type { HostFacts } from "./input.ts";
import { parseSecurityOptions } from "./security-options.ts";

/** Docker's name, which scripts and other tools know. */
export const DEFAULT_APPARMOR_PROFILE = "docker-default";

/** The AppArmor profile of a container; empty on a host without. Errors: invalidArgument for options that make no sense. */
export function apparmorProfileOf(hostConfig: HostConfig, host: Pick<HostFacts, "apparmor">): string {
  if (!host.apparmor) return "";
  const { apparmor } = parseSecurityOptions(hostConfig.SecurityOpt);
  return apparmor || (hostConfig.Privileged ? "unconfined" : DEFAULT_APPARMOR_PROFILE);
}
