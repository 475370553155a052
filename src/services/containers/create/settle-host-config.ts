import type { HostConfig } from "../../../spec/engine-api/mod.ts";
import { checkHostConfig, type HostChoice } from "./check-host-config.ts";
import { discardLimits } from "./discard-limits.ts";
import { type HostDefaults, normalizeHostConfig } from "./normalize-host-config.ts";

/**
 * What a container's host configuration comes to on this host, as `inspect` shows it: defaults filled in, limits that
 * cannot be kept left out with a warning each. Errors: invalidArgument, docker's texts.
 */
export function settleHostConfig(
  request: HostConfig,
  defaults: HostDefaults,
  host: HostChoice,
): { readonly hostConfig: HostConfig; readonly warnings: readonly string[] } {
  const settled = discardLimits(normalizeHostConfig(request, defaults), host.limits);
  checkHostConfig(settled.hostConfig, host);
  return settled;
}
