import { invalidArgument } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { isLinkName, type MacvlanMode } from "../../os/linux/netlink/mod.ts";

// Keys of a network's options. Source: docker, "Macvlan network driver".
const PARENT = "parent";
const MODE = "macvlan_mode";
const MTU = "com.docker.network.driver.mtu";
/** What links start with that are made for networks without a parent. */
export const DUMMY_PREFIX = "dm-";
const MODES: readonly string[] = ["bridge", "vepa", "private", "passthru"];
const KNOWN = new Set([PARENT, MODE, MTU]);

/** The options of a macvlan network, read and completed. */
export interface MacvlanSettings {
  /** The link of the host that the network's links sit on. */
  readonly parent: string;
  readonly mode: MacvlanMode;
  readonly mtu: number | undefined;
}

/** Reads the options of a macvlan network. Errors: invalidArgument. */
export function readMacvlanSettings({ id, options }: NetworkRecord): MacvlanSettings {
  const unknown = Object.keys(options).find(
    (key) => !KNOWN.has(key) && !key.startsWith("com.docker.network."),
  );
  if (unknown !== undefined) throw invalidArgument(`unknown option of a macvlan network: ${unknown}`);
  const mode = options[MODE] || "bridge";
  if (!MODES.includes(mode)) {
    throw invalidArgument(
      `requested macvlan mode '${mode}' is not valid, 'bridge' mode is the macvlan driver default`,
    );
  }
  // Without a parent the network has a link of its own that leads nowhere. Source: docker, "Macvlan network driver".
  const parent = options[PARENT] || `${DUMMY_PREFIX}${shortId(id)}`;
  if (!isLinkName(parent) || parent === "lo") {
    throw invalidArgument(`loopback interface is not a valid macvlan parent link: ${JSON.stringify(parent)}`);
  }
  const mtu = options[MTU];
  if (mtu !== undefined && !/^\d{1,5}$/.test(mtu)) throw invalidArgument(`invalid MTU number: ${mtu}`);
  return {
    parent,
    mode: mode as MacvlanMode,
    mtu: mtu === undefined || mtu === "0" ? undefined : Number(mtu),
  };
}
