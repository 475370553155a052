import { isKind, messageOf, unavailable } from "../../base/errors.ts";
import type { DriverVolume, VolumeDriver, VolumeRecord } from "../../core/volumes/volume.ts";
import { type PluginClient, PluginRefusal } from "../plugin-client/mod.ts";

/** How long calls that do work, and all others, may take. */
const LONG_MS = 120_000;
const SHORT_MS = 60_000;

interface Outcome {
  readonly Err?: string;
}

interface PluginVolume {
  readonly Name: string;
  readonly Mountpoint?: string;
  readonly CreatedAt?: string;
  readonly Status?: Record<string, unknown> | null;
}

/**
 * Volumes that a plug-in keeps. The plug-in hears of each holder once when it gets the volume and once when it gives it
 * back. Source: docker's "Docker volume plugins".
 */
export class VolumePluginDriver implements VolumeDriver {
  readonly name: string;
  readonly scope: "local" | "global";
  readonly #client: PluginClient;
  readonly #paths = new Map<string, string>();
  readonly #holders = new Map<string, Set<string>>();

  private constructor(client: PluginClient, scope: "local" | "global") {
    this.#client = client;
    this.name = client.name;
    this.scope = scope;
  }

  /** Asks the plug-in what it can do; one that does not know the question keeps volumes of this host. */
  static async open(client: PluginClient): Promise<VolumePluginDriver> {
    return new VolumePluginDriver(client, await scopeOf(client));
  }

  async create(volume: VolumeRecord): Promise<void> {
    const request = { Name: volume.name, Opts: volume.options };
    await this.#client.call<Outcome>("VolumeDriver.Create", request, { timeoutMs: LONG_MS });
  }

  async remove(volume: VolumeRecord): Promise<void> {
    await this.#client.call<Outcome>("VolumeDriver.Remove", { Name: volume.name }, { timeoutMs: SHORT_MS });
    this.#paths.delete(volume.name);
  }

  pathOf(volume: Pick<VolumeRecord, "name">): string {
    return this.#paths.get(volume.name) ?? "";
  }

  async mount(volume: VolumeRecord, holder: string): Promise<string> {
    const holders = this.#holders.get(volume.name) ?? new Set();
    const known = this.#paths.get(volume.name);
    if (holders.has(holder) && known) return known;
    const request = { Name: volume.name, ID: holder };
    const { Mountpoint = "" } = await this.#client.call<Outcome & { Mountpoint?: string }>(
      "VolumeDriver.Mount",
      request,
      { timeoutMs: LONG_MS },
    );
    this.#paths.set(volume.name, Mountpoint);
    this.#holders.set(volume.name, holders.add(holder));
    return Mountpoint;
  }

  async unmount(volume: VolumeRecord, holder: string): Promise<boolean> {
    const holders = this.#holders.get(volume.name);
    if (!holders?.delete(holder)) return false;
    if (holders.size === 0) this.#holders.delete(volume.name);
    const request = { Name: volume.name, ID: holder };
    await this.#client.call<Outcome>("VolumeDriver.Unmount", request, { timeoutMs: SHORT_MS });
    return true;
  }

  async restore(volume: VolumeRecord, holders: ReadonlySet<string>): Promise<void> {
    this.#holders.set(volume.name, new Set(holders));
    await this.find(volume.name);
  }

  async find(name: string): Promise<DriverVolume | undefined> {
    try {
      const { Volume } = await this.#client.call<Outcome & { Volume?: PluginVolume | null }>(
        "VolumeDriver.Get",
        { Name: name },
        { timeoutMs: SHORT_MS },
      );
      return Volume ? this.#remember(Volume) : undefined;
    } catch (error) {
      // Plug-ins say in words of their own that they have no such volume.
      if (error instanceof PluginRefusal) return undefined;
      if (!isKind(error, "unavailable")) throw error;
      throw unavailable(
        `error while checking if volume "${name}" exists in driver "${this.name}": ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  async list(): Promise<DriverVolume[]> {
    const { Volumes } = await this.#client.call<Outcome & { Volumes?: PluginVolume[] | null }>(
      "VolumeDriver.List",
      {},
      { timeoutMs: SHORT_MS },
    );
    return (Volumes ?? []).map((volume) => this.#remember(volume));
  }

  #remember({ Name: name, Mountpoint = "", CreatedAt, Status }: PluginVolume): DriverVolume {
    // Many plug-ins tell the directory only while the volume is mounted.
    if (Mountpoint !== "") this.#paths.set(name, Mountpoint);
    return {
      name,
      mountpoint: Mountpoint || this.pathOf({ name }),
      ...(CreatedAt ? { createdAt: CreatedAt } : {}),
      ...(Status && Object.keys(Status).length > 0 ? { status: Status } : {}),
    };
  }
}

async function scopeOf(client: PluginClient): Promise<"local" | "global"> {
  try {
    const { Capabilities } = await client.call<Outcome & { Capabilities?: { Scope?: string } | null }>(
      "VolumeDriver.Capabilities",
      {},
      { timeoutMs: SHORT_MS },
    );
    return Capabilities?.Scope?.toLowerCase() === "global" ? "global" : "local";
  } catch (error) {
    // Not every plug-in has the call.
    if (error instanceof PluginRefusal) return "local";
    throw error;
  }
}
