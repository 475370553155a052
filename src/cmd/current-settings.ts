import type { DaemonSettings } from "./daemon-settings.ts";

/** What a running engine takes over from a changed configuration. Everything else needs a new start. */
const RELOADABLE = ["debug", "label", "live-restore", "shutdown-timeout"] as const satisfies ReadonlyArray<
  keyof DaemonSettings
>;

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
    const { debug, label, "live-restore": liveRestore, "shutdown-timeout": timeout } = this.#values;
    return {
      debug: String(debug),
      labels: JSON.stringify(label),
      "live-restore": String(liveRestore),
      "shutdown-timeout": String(timeout),
    };
  }
}
