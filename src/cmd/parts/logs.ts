import { createLogDrivers } from "../../drivers/logs/mod.ts";
import type { Plugins } from "../../drivers/plugin-client/mod.ts";
import { FileChanges } from "../../os/linux/reactor/file-changes.ts";
import { LogService } from "../../services/logs/mod.ts";
import { PluginLogDrivers } from "../../services/plugins/mod.ts";
import type { Foundation } from "./foundation.ts";
import type { Stores } from "./stores.ts";

export interface LogNeeds extends Foundation {
  readonly stores: Stores;
  readonly plugins: Plugins;
}

/** Errors: those of the default driver about options that it does not take. */
export async function createLogs(
  { settings, reactor, logger, stores: { paths }, plugins }: LogNeeds,
  resources: AsyncDisposableStack,
): Promise<LogService> {
  const { drivers: builtin, cache } = createLogDrivers(reactor, logger);
  const logs = new LogService({
    drivers: new PluginLogDrivers({ builtin, plugins, directory: paths.logPipesRoot, reactor, logger }),
    cache,
    changes: resources.use(new FileChanges(reactor)),
    paths,
    logger,
    defaults: { Type: settings["log-driver"], Config: settings["log-opt"] },
  });
  resources.defer(() => logs.close());
  await logs.checkDefaults();
  return logs;
}
