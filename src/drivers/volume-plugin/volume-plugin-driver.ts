import { isAbsolute } from "node:path";
import { internal, isKind, messageOf, unavailable } from "../../base/errors.ts";
import type { DriverVolume, VolumeDriver, VolumeRecord } from "../../core/volumes/volume.ts";
import { type PluginClient, PluginRefusal, type Reply } from "../plugin-client/mod.ts";

/** How long calls that do work, and all others, may take. */
const LONG_MS = 120_000;
const SHORT_MS = 60_000;

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
    await this.#client.call("VolumeDriver.Create", request, { timeoutMs: LONG_MS });
  }

  async remove(volume: VolumeRecord): Promise<void> {
    await this.#client.call("VolumeDriver.Remove", { Name: volume.name }, { timeoutMs: SHORT_MS });
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
    const reply = await this.#client.call("VolumeDriver.Mount", request, { timeoutMs: LONG_MS });
    const mountpoint = reply.text("Mountpoint");
    if (!isAbsolute(mountpoint)) {
      throw internal(`VolumeDriver.Mount: not an absolute path: ${JSON.stringify(mountpoint)}`);
    }
    this.#paths.set(volume.name, mountpoint);
    this.#holders.set(volume.name, holders.add(holder));
    return mountpoint;
  }

  async unmount(volume: VolumeRecord, holder: string): Promise<boolean> {
    const holders = this.#holders.get(volume.name);
    if (!holders?.delete(holder)) return false;
    if (holders.size === 0) this.#holders.delete(volume.name);
    const request = { Name: volume.name, ID: holder };
    await this.#client.call("VolumeDriver.Unmount", request, { timeoutMs: SHORT_MS });
    return true;
  }

  async restore(volume: VolumeRecord, holders: ReadonlySet<string>): Promise<void> {
    this.#holders.set(volume.name, new Set(holders));
    await this.find(volume.name);
  }

  async find(name: string): Promise<DriverVolume | undefined> {
    try {
      const request = { Name: name };
      const reply = await this.#client.call("VolumeDriver.Get", request, { timeoutMs: SHORT_MS });
      const volume = reply.object("Volume");
      return volume && this.#remember(volume);
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
    const reply = await this.#client.call("VolumeDriver.List", {}, { timeoutMs: SHORT_MS });
    return reply.objects("Volumes").map((volume) => this.#remember(volume));
  }

  #remember(volume: Reply): DriverVolume {
    const name = volume.text("Name");
    const mountpoint = volume.text("Mountpoint");
    const createdAt = volume.text("CreatedAt");
    const status = volume.values("Status");
    // Many plug-ins tell the directory only while the volume is mounted.
    if (mountpoint !== "") this.#paths.set(name, mountpoint);
    return {
      name,
      mountpoint: mountpoint || this.pathOf({ name }),
      ...(createdAt === "" ? {} : { createdAt }),
      ...(Object.keys(status).length > 0 ? { status } : {}),
    };
  }
}

async function scopeOf(client: PluginClient): Promise<"local" | "global"> {
  try {
    const reply = await client.call("VolumeDriver.Capabilities", {}, { timeoutMs: SHORT_MS });
    const scope = reply.object("Capabilities")?.text("Scope") ?? "";
    return scope.toLowerCase() === "global" ? "global" : "local";
  } catch (error) {
    // Not every plug-in has the call.
    if (error instanceof PluginRefusal) return "local";
    throw error;
  }
}
