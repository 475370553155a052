import { isAbsolute } from "node:path";
import { internal, isKind, messageOf, unavailable } from "../../base/errors.ts";
import type { DriverVolume, FindOptions, VolumeDriver, VolumeRecord } from "../../core/volumes/volume.ts";
import {
  type CallOptions,
  type ConnectPlugin,
  type PluginClient,
  PluginRefusal,
  type Reply,
} from "../plugin-client/mod.ts";

/** How long calls that do work, and all others, may take. */
const LONG_MS = 120_000;
const SHORT_MS = 60_000;
/** Of lists of everything, and searches among all drivers: one that hangs must not keep the others' from being seen. */
const IMPATIENT: CallOptions = { timeoutMs: 5_000, retryForMs: 0 };
/** A container that ends does not wait long for a plug-in that is gone. */
const UNMOUNT: CallOptions = { timeoutMs: 10_000, retryForMs: 2_000 };

/**
 * Volumes that a plug-in keeps. The plug-in hears of each holder once when it gets the volume and once when it gives it
 * back. Source: docker's "Docker volume plugins".
 */
export class VolumePluginDriver implements VolumeDriver {
  readonly name: string;
  readonly #connect: ConnectPlugin;
  #scope: "local" | "global" = "local";
  readonly #paths = new Map<string, string>();
  readonly #holders = new Map<string, Set<string>>();

  /** `connect` is asked for each call: the plug-in may have moved, or come only now. */
  constructor(name: string, connect: ConnectPlugin) {
    this.name = name;
    this.#connect = connect;
  }

  /** `local` as long as the plug-in was not asked. */
  get scope(): "local" | "global" {
    return this.#scope;
  }

  /** Asks the plug-in what it can do; one that does not know the question keeps volumes of this host. */
  async open(): Promise<void> {
    this.#scope = await scopeOf(await this.#connect());
  }

  async create(volume: VolumeRecord): Promise<void> {
    const request = { Name: volume.name, Opts: volume.options };
    await this.#call("VolumeDriver.Create", request, { timeoutMs: LONG_MS });
  }

  async remove(volume: VolumeRecord): Promise<void> {
    await this.#call("VolumeDriver.Remove", { Name: volume.name }, { timeoutMs: SHORT_MS });
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
    const reply = await this.#call("VolumeDriver.Mount", request, { timeoutMs: LONG_MS });
    const named = reply.text("Mountpoint");
    if (!isAbsolute(named)) {
      throw internal(`VolumeDriver.Mount: not an absolute path: ${JSON.stringify(named)}`);
    }
    const mountpoint = await this.#hostPath(named);
    if (mountpoint === undefined) throw internal(`VolumeDriver.Mount: ${named}: no such file or directory`);
    this.#paths.set(volume.name, mountpoint);
    this.#holders.set(volume.name, holders.add(holder));
    return mountpoint;
  }

  async unmount(volume: VolumeRecord, holder: string): Promise<boolean> {
    const holders = this.#holders.get(volume.name);
    if (!holders?.delete(holder)) return false;
    if (holders.size === 0) this.#holders.delete(volume.name);
    const request = { Name: volume.name, ID: holder };
    await this.#call("VolumeDriver.Unmount", request, UNMOUNT);
    return true;
  }

  async restore(volume: VolumeRecord, holders: ReadonlySet<string>): Promise<void> {
    this.#holders.set(volume.name, new Set(holders));
    // Nobody waits for it: the plug-in may be in a container that is not up yet.
    this.#find(volume.name, IMPATIENT).catch(() => {
      // The directory is told when somebody asks for it.
    });
  }

  async find(name: string, { impatient = false }: FindOptions = {}): Promise<DriverVolume | undefined> {
    try {
      return await this.#find(name, impatient ? IMPATIENT : { timeoutMs: SHORT_MS });
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
    const reply = await this.#call("VolumeDriver.List", {}, IMPATIENT);
    return await Promise.all(reply.objects("Volumes").map((volume) => this.#remember(volume)));
  }

  async #find(name: string, options: CallOptions): Promise<DriverVolume | undefined> {
    const reply = await this.#call("VolumeDriver.Get", { Name: name }, options);
    const volume = reply.object("Volume");
    return volume && (await this.#remember(volume));
  }

  async #call(method: string, request: object, options: CallOptions): Promise<Reply> {
    const client = await this.#connect(options.retryForMs);
    return await client.call(method, request, options);
  }

  /** A managed plug-in names places as it sees them. */
  async #hostPath(path: string): Promise<string | undefined> {
    const { scope } = await this.#connect();
    return scope && path !== "" ? await scope.hostPath(path) : path;
  }

  async #remember(volume: Reply): Promise<DriverVolume> {
    const name = volume.text("Name");
    const mountpoint = (await this.#hostPath(volume.text("Mountpoint"))) ?? "";
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
    const reply = await client.call("VolumeDriver.Capabilities", {}, IMPATIENT);
    const scope = reply.object("Capabilities")?.text("Scope") ?? "";
    return scope.toLowerCase() === "global" ? "global" : "local";
  } catch (error) {
    // Not every plug-in has the call.
    if (error instanceof PluginRefusal) return "local";
    throw error;
  }
}
