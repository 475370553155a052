import type { Logger } from "../base/logger.ts";
import type { OciRuntimeOptions } from "../drivers/runtime-oci/mod.ts";
import type { Reactor } from "../os/linux/reactor/reactor.ts";
import type { DaemonSettings } from "./daemon-settings.ts";

/** What all runtimes of an engine have in common. */
export function runtimeOptionsOf(
  settings: DaemonSettings,
  reactor: Reactor,
  logger: Logger,
): Omit<OciRuntimeOptions, "runRoot" | "bundlesRoot"> {
  const programs = Object.entries(settings["add-runtime"]);
  const defaultRuntime = settings["default-runtime"];
  return {
    reactor,
    runtimes: Object.fromEntries(programs.map(([name, path]) => [name, { path }])),
    ...(defaultRuntime === "" ? {} : { defaultRuntime }),
    logger,
  };
}
