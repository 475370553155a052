import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { invalidArgument } from "../../base/errors.ts";
import type { Sandbox, SandboxFactory } from "../../core/networks/network-driver.ts";
import { createNetworkNamespace, deleteNetworkNamespace } from "../../os/linux/namespace.ts";
import {
  AF_INET,
  AF_INET6,
  type IpFamily,
  listRoutes,
  setLinkUp,
  withNetlink,
} from "../../os/linux/netlink/mod.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";

export interface NetworkSandboxesOptions {
  /** The engine's run root; namespaces are files of its folder `netns`. */
  readonly runRoot: string;
}

function takeLoopbackUp(path: string): void {
  withNetlink(path, (socket) => socket.execute(setLinkUp("lo")));
}

/**
 * Network namespaces of containers, each kept alive by the file `<run root>/netns/<container id>`, so they outlive this
 * process and nothing has to be stored.
 */
export class NetworkSandboxes implements SandboxFactory {
  readonly #directory: string;

  constructor(options: NetworkSandboxesOptions) {
    this.#directory = join(options.runRoot, "netns");
  }

  async create(containerId: string): Promise<Sandbox> {
    const sandbox = this.#sandbox(containerId);
    try {
      createNetworkNamespace(sandbox.path);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      this.#adopt(sandbox.path);
      return sandbox;
    }
    takeLoopbackUp(sandbox.path);
    return sandbox;
  }

  get(containerId: string): Sandbox | undefined {
    const sandbox = this.#sandbox(containerId);
    return existsSync(sandbox.path) ? sandbox : undefined;
  }

  async remove(containerId: string): Promise<void> {
    deleteNetworkNamespace(this.#sandbox(containerId).path);
  }

  lacksDefaultRoutes({ path }: Sandbox): { readonly ipv4: boolean; readonly ipv6: boolean } {
    return withNetlink(path, (socket) => {
      const lacks = (family: IpFamily) =>
        !listRoutes(socket, { family }).some(({ destination }) => destination === "default");
      return { ipv4: lacks(AF_INET), ipv6: lacks(AF_INET6) };
    });
  }

  async removeOrphans(known: ReadonlySet<string>): Promise<void> {
    for (const containerId of this.#stored()) {
      if (!known.has(containerId)) await this.remove(containerId);
    }
  }

  /** Makes a sandbox of the file that an earlier attempt left. */
  #adopt(path: string): void {
    try {
      takeLoopbackUp(path);
    } catch (error) {
      // EINVAL: a crash came between making the file and mounting the namespace on it.
      if (!isErrno(error, "EINVAL")) throw error;
      deleteNetworkNamespace(path);
      createNetworkNamespace(path);
      takeLoopbackUp(path);
    }
  }

  #stored(): string[] {
    try {
      return readdirSync(this.#directory);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return [];
      throw error;
    }
  }

  #sandbox(containerId: string): Sandbox {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(containerId)) {
      throw invalidArgument(`invalid container id: ${JSON.stringify(containerId)}`);
    }
    return { containerId, path: join(this.#directory, containerId) };
  }
}
