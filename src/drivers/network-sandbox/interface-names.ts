import { internal, invalidArgument } from "../../base/errors.ts";
import { isLinkName } from "../../os/linux/netlink/mod.ts";

/** The names that endpoints have inside their containers, of whichever driver. */
export class InterfaceNames {
  /** By container, then by endpoint. */
  readonly #names = new Map<string, Map<string, string>>();

  /** Takes `wanted`, or the first free `<prefix>0`, `<prefix>1`, … Errors: invalidArgument, internal (taken). */
  take(containerId: string, endpointId: string, wanted: string | undefined, prefix: string): string {
    const taken = new Set(this.#names.get(containerId)?.values());
    const name = wanted ?? firstFree(taken, prefix);
    if (!isLinkName(name) || name === "lo")
      throw invalidArgument(`invalid interface name: ${JSON.stringify(name)}`);
    if (taken.has(name)) {
      // Docker finds it out when it renames the link.
      const link = `veth${endpointId.slice(0, 7)}`;
      throw internal(`error renaming interface "${link}" to "${name}": file exists`);
    }
    this.restore(containerId, endpointId, name);
    return name;
  }

  /** Takes what a stored endpoint has. */
  restore(containerId: string, endpointId: string, name: string): void {
    const names = this.#names.get(containerId) ?? new Map<string, string>();
    this.#names.set(containerId, names.set(endpointId, name));
  }

  release(containerId: string, endpointId: string): void {
    const names = this.#names.get(containerId);
    names?.delete(endpointId);
    if (names?.size === 0) this.#names.delete(containerId);
  }
}

function firstFree(taken: ReadonlySet<string>, prefix: string): string {
  for (let number = 0; ; number++) {
    const name = `${prefix}${number}`;
    if (!taken.has(name)) return name;
  }
}
