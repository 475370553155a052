import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Logger, silentLogger } from "../../base/logger.ts";
import type { EventLog } from "../../core/events/event-log.ts";
import { LayerWorkers } from "../../drivers/layers/mod.ts";
import type { CgroupWorld } from "../../os/linux/cgroup/cgroup-world.ts";
import { type LimitSupport, readLimitSupport } from "../../os/linux/cgroup/limit-support.ts";
import { prepareHost } from "../../os/linux/cgroup/prepare-host.ts";
import { Reactor } from "../../os/linux/reactor/reactor.ts";
import { MemoryEventLog } from "../../services/events/memory-event-log.ts";
import { StateDatabase } from "../../state/mod.ts";
import { CurrentSettings } from "../current-settings.ts";
import { DAEMON_FLAGS, type DaemonSettings } from "../daemon-settings.ts";
import type { EngineOptions } from "../wire.ts";
import { engineIdOf } from "./engine-id.ts";

/** What every part of an engine stands on. */
export interface Foundation {
  readonly engineId: string;
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly logger: Logger;
  /** The settings that the engine started with. */
  readonly settings: DaemonSettings;
  /** The same, with what was changed since. */
  readonly current: CurrentSettings;
  readonly world: CgroupWorld;
  readonly cgroupVersion: 1 | 2;
  readonly limits: LimitSupport;
  readonly database: StateDatabase;
  readonly reactor: Reactor;
  readonly workers: LayerWorkers;
  readonly events: EventLog;
}

/** The roots are this engine's, and the host is ready for it. Errors: unavailable where another engine has the roots. */
export async function layFoundation(
  { dataRoot, runRoot, logger = silentLogger, settings: chosen }: EngineOptions,
  resources: AsyncDisposableStack,
): Promise<Foundation> {
  const current = new CurrentSettings({ ...defaultSettings(), ...chosen });
  mkdirSync(runRoot, { recursive: true, mode: 0o711 });
  const engineId = engineIdOf(dataRoot);
  const { world } = await prepareHost();
  const database = resources.use(new StateDatabase(join(dataRoot, "gantry.db")));
  const reactor = await Reactor.start();
  resources.defer(() => reactor.stop());
  return {
    engineId,
    dataRoot,
    runRoot,
    logger,
    settings: current.values,
    current,
    world,
    cgroupVersion: world.mode === "v2" ? 2 : 1,
    limits: readLimitSupport(world),
    database,
    reactor,
    workers: resources.use(new LayerWorkers()),
    events: new MemoryEventLog(logger),
  };
}

function defaultSettings(): DaemonSettings {
  return Object.fromEntries(
    Object.entries(DAEMON_FLAGS).map(([name, flag]) => [name, flag.initial]),
  ) as DaemonSettings;
}
