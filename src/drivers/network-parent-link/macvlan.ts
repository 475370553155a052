import { permissionDenied } from "../../base/errors.ts";
import { type ParentLinkKind, readChoice } from "./parent-link-settings.ts";

const MODE = "macvlan_mode";
const EXCLUSIVE = "passthru";

/** Containers are neighbours on the parent, each with a hardware address of its own. Source: docker, "Macvlan network driver". */
export const macvlan: ParentLinkKind = {
  name: "macvlan",
  dummyPrefix: "dm-",
  optionKeys: [MODE],
  hasMacAddresses: true,

  readMode(options) {
    const mode = readChoice(
      options[MODE],
      ["bridge", "vepa", "private", EXCLUSIVE],
      (text) => `requested macvlan mode '${text}' is not valid, 'bridge' mode is the macvlan driver default`,
    );
    return {
      name: mode,
      routesOnLink: false,
      linkOn: (parentIndex) => ({ kind: "macvlan", parentIndex, mode }),
    };
  },

  checkSharing(added, { networkId, parent, mode }) {
    const user = `macvlan network ${networkId} is already using parent interface ${parent}`;
    if (added.mode.name === EXCLUSIVE) throw permissionDenied(`cannot use mode ${EXCLUSIVE}, ${user}`);
    if (mode.name === EXCLUSIVE) throw permissionDenied(`${user} in mode ${EXCLUSIVE}`);
  },
};
