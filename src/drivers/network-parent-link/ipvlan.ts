import { permissionDenied } from "../../base/errors.ts";
import { dummyName, type ParentLinkKind, readChoice } from "./parent-link-settings.ts";

const MODE = "ipvlan_mode";
const FLAG = "ipvlan_flag";

/**
 * Containers have the parent's hardware address and addresses of their own: neighbours on the parent in mode `l2`, hosts
 * that packets are routed to in modes `l3` and `l3s`. Source: docker, "IPvlan network driver"; kernel, ipvlan.rst.
 */
export const ipvlan: ParentLinkKind = {
  name: "ipvlan",
  dummyPrefix: "di-",
  optionKeys: [MODE, FLAG],
  hasMacAddresses: false,

  readMode(options) {
    const mode = readChoice(
      options[MODE],
      ["l2", "l3", "l3s"],
      (text) => `requested ipvlan mode '${text}' is not valid, 'l2' mode is the ipvlan driver default`,
    );
    const flag = readChoice(
      options[FLAG],
      ["bridge", "private", "vepa"],
      (text) => `requested ipvlan flag '${text}' is not valid, 'bridge' is the ipvlan driver default`,
    );
    return {
      name: mode,
      routesOnLink: mode !== "l2",
      linkOn: (parentIndex) => ({ kind: "ipvlan", parentIndex, mode, flag }),
    };
  },

  // Mode and flag are the parent's in the kernel, so a second network would change those of the first.
  checkSharing(_added, { networkId, parent }) {
    throw permissionDenied(
      `network ${dummyName(ipvlan, networkId)} is already using parent interface ${parent}`,
    );
  },
};
