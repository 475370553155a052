import { any, int64, list, map, type Schema, string, struct } from "../../spec/go-json/mod.ts";

/** Schema of `EndpointSettings`, in create requests of containers and when a network is connected. */
export const endpointSettings: Schema = struct("EndpointSettings", {
  IPAMConfig: struct("EndpointIPAMConfig", {
    IPv4Address: string,
    IPv6Address: string,
    LinkLocalIPs: list(string),
  }),
  Links: list(string),
  MacAddress: string,
  Aliases: list(string),
  DriverOpts: map(string),
  GwPriority: int64,
  // What inspect shows comes back from clients that copy a container; it is of no effect.
  NetworkID: string,
  EndpointID: string,
  Gateway: string,
  IPAddress: string,
  IPPrefixLen: int64,
  IPv6Gateway: string,
  GlobalIPv6Address: string,
  GlobalIPv6PrefixLen: int64,
  DNSNames: list(string),
});

/** A set: names whose values are empty objects. */
export const nameSet: Schema = map(any);
