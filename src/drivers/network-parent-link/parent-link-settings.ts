import { invalidArgument } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { isLinkName, type LinkKind } from "../../os/linux/netlink/mod.ts";

// Keys of a network's options. Source: docker, "Macvlan network driver", "IPvlan network driver".
const PARENT = "parent";
const MTU = "com.docker.network.driver.mtu";

type Options = NetworkRecord["options"];

/** One of the kinds of networks whose containers sit on a link of the host. */
export interface ParentLinkKind {
  readonly name: "macvlan" | "ipvlan";
  /** What links start with that are made for networks without a parent. */
  readonly dummyPrefix: string;
  /** Keys of the options that only this kind has. */
  readonly optionKeys: readonly string[];
  /** Whether endpoints have hardware addresses of their own. */
  readonly hasMacAddresses: boolean;
  /** Errors: invalidArgument with docker's text. */
  readMode(options: Options): LinkMode;
  /** Nothing where two networks may have the same parent. Errors: permissionDenied with docker's text. */
  checkSharing(added: ParentUser, present: ParentUser): void;
}

/** What the options that only one kind has say. */
export interface LinkMode {
  readonly name: string;
  /** Whether packets for everywhere else are put onto the link as they are, so that no gateway has a meaning. */
  readonly routesOnLink: boolean;
  /** The link of an endpoint, on that parent. */
  linkOn(parentIndex: number): LinkKind;
}

/** A network that has a parent link. */
export interface ParentUser {
  readonly networkId: string;
  readonly parent: string;
  readonly mode: LinkMode;
}

/** The options of such a network, read and completed. */
export interface ParentLinkSettings extends ParentUser {
  /** Whether the parent is a link of the network's own that leads nowhere. */
  readonly isDummy: boolean;
  readonly mtu: number | undefined;
}

/** Reads the options of a network of that kind. Errors: invalidArgument. */
export function readParentLinkSettings(
  kind: ParentLinkKind,
  { id, options }: Pick<NetworkRecord, "id" | "options">,
): ParentLinkSettings {
  const known = [PARENT, MTU, ...kind.optionKeys];
  const unknown = Object.keys(options).find(
    (key) => !known.includes(key) && !key.startsWith("com.docker.network."),
  );
  if (unknown !== undefined) throw invalidArgument(`unknown option of the driver ${kind.name}: ${unknown}`);
  const mode = kind.readMode(options);
  const named = options[PARENT];
  if (named === "lo") {
    throw invalidArgument(`loopback interface is not a valid ${kind.name} parent link`);
  }
  if (named && !isLinkName(named)) {
    throw invalidArgument(`invalid subinterface vlan name ${named}, example formatting is eth0.10`);
  }
  const mtu = options[MTU];
  if (mtu !== undefined && !/^\d{1,5}$/.test(mtu)) throw invalidArgument(`invalid MTU number: ${mtu}`);
  return {
    networkId: id,
    parent: named || dummyName(kind, id),
    mode,
    isDummy: !named,
    mtu: mtu === undefined || mtu === "0" ? undefined : Number(mtu),
  };
}

/** The parent of a network that the user gave none. */
export function dummyName({ dummyPrefix }: ParentLinkKind, networkId: string): string {
  return `${dummyPrefix}${shortId(networkId)}`;
}

/** The value of an option that is one of a few, the first of which is the default. Errors: invalidArgument. */
export function readChoice<Choice extends string>(
  text: string | undefined,
  choices: readonly [Choice, ...Choice[]],
  refusal: (text: string) => string,
): Choice {
  if (!text) return choices[0];
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw invalidArgument(refusal(text));
  return choice;
}
