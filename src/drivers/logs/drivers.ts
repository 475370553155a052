import type { Logger } from "../../base/logger.ts";
import type { LogDriver } from "../../core/logs/log-driver.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import { noneDriver } from "./none-driver.ts";
import { FluentdDriver } from "./sent/fluentd-driver.ts";
import { GelfDriver } from "./sent/gelf-driver.ts";
import { JournaldDriver } from "./sent/journald-driver.ts";
import { SyslogDriver } from "./sent/syslog-driver.ts";
import { JsonFileDriver } from "./stored/json-file-driver.ts";
import { LocalDriver } from "./stored/local-driver.ts";

/** Every driver that there is, and the cache for what those that only send would leave unreadable. */
export function createLogDrivers(
  reactor: Reactor,
  logger: Logger,
): { readonly drivers: readonly LogDriver[]; readonly cache: LocalDriver } {
  const local = new LocalDriver(logger);
  const drivers = [
    new FluentdDriver(),
    new GelfDriver(reactor),
    new JournaldDriver(reactor),
    new JsonFileDriver(logger),
    local,
    noneDriver,
    new SyslogDriver(reactor),
  ];
  return { drivers, cache: local };
}
