import { formatValue } from "../spec/go-template/values.ts";
import type { DaemonSettings } from "./daemon-settings.ts";

/** What a running engine takes over from a changed configuration. Everything else needs a new start. */
const RELOADABLE = [
  "add-runtime",
  "authorization-plugin",
  "debug",
  "default-cgroupns-mode",
  "default-ipc-mode",
  "default-runtime",
  "default-shm-size",
  "insecure-registry",
  "label",
  "live-restore",
  "max-concurrent-downloads",
  "max-concurrent-uploads",
  "max-download-attempts",
  "registry-mirror",
  "shutdown-timeout",
] as const satisfies ReadonlyArray<keyof DaemonSettings>;

/** The settings of a running engine. */
export class CurrentSettings {
  #values: DaemonSettings;

  constructor(values: DaemonSettings) {
    this.#values = values;
  }

  get values(): DaemonSettings {
    return this.#values;
  }

  /** The reloadable ones are as in `next`; names of changed settings that are not, and stay as they were. */
  reload(next: DaemonSettings): string[] {
    const taken = Object.fromEntries(RELOADABLE.map((name) => [name, next[name]]));
    const before = this.#values;
    this.#values = { ...before, ...taken } as DaemonSettings;
    const names = Object.keys(next) as Array<keyof DaemonSettings>;
    return names.filter((name) => JSON.stringify(next[name]) !== JSON.stringify(this.#values[name]));
  }

  /** What the reloadable ones are, as docker's `reload` event tells it. */
  describe(): Record<string, string> {
    const values = this.#values;
    return {
      debug: String(values.debug),
      "default-cgroupns-mode": values["default-cgroupns-mode"],
      "default-ipc-mode": values["default-ipc-mode"],
      "default-runtime": values["default-runtime"],
      "default-shm-size": String(values["default-shm-size"]),
      features: formatValue(values.feature),
      "insecure-registries": JSON.stringify(values["insecure-registry"]),
      labels: JSON.stringify(values.label),
      "live-restore": String(values["live-restore"]),
      "max-concurrent-downloads": String(values["max-concurrent-downloads"]),
      "max-concurrent-uploads": String(values["max-concurrent-uploads"]),
      "max-download-attempts": String(values["max-download-attempts"]),
      "registry-mirrors": JSON.stringify(values["registry-mirror"]),
      runtimes: Object.entries(values["add-runtime"])
        .map(([name, { path }]) => `${name}:${path}`)
        .join(" "),
      "shutdown-timeout": String(values["shutdown-timeout"]),
    };
  }
}
