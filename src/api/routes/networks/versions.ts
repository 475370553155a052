import type {
  EndpointSettings,
  NetworkCreateRequest,
  NetworkInspectResponse,
} from "../../../spec/engine-api/mod.ts";
import type { VersionRule } from "../../server/versions.ts";

/** How older versions of the API write networks. Source: Engine API version history. */

export const inspectRules: readonly VersionRule<NetworkInspectResponse>[] = [
  {
    below: "1.52",
    apply: (network) => {
      delete network.Status;
    },
  },
];

export const createRules: readonly VersionRule<NetworkCreateRequest>[] = [
  {
    below: "1.48",
    apply: (request) => {
      delete request.EnableIPv4;
    },
  },
  {
    // Names are unique whatever the field says.
    apply: (request) => {
      delete request.CheckDuplicate;
    },
  },
];

export const connectRules: readonly VersionRule<EndpointSettings>[] = [
  {
    below: "1.48",
    apply: (endpoint) => {
      delete endpoint.GwPriority;
    },
  },
  {
    below: "1.54",
    apply: (endpoint) => {
      delete endpoint.MacAddress;
    },
  },
];
