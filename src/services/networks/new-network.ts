import { invalidArgument, permissionDenied } from "../../base/errors.ts";
import { readGoBool } from "../../base/go-bool.ts";
import { newId } from "../../base/ids.ts";
import { sortedByKey } from "../../base/sorted-by-key.ts";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import type { IpamPool, NetworkRecord } from "../../core/networks/network-record.ts";
import type { IPAMConfig, NetworkCreateRequest } from "../../spec/engine-api/mod.ts";
import { createsPredefined, notSwarmManager } from "./errors.ts";
import { isPredefinedName } from "./predefined.ts";

// Options that stand for fields of the request. Source: docker's reference of `docker network create`.
const ENABLE_IPV4 = "com.docker.network.enable_ipv4";
const ENABLE_IPV6 = "com.docker.network.enable_ipv6";

type Options = Readonly<Record<string, string>>;

function enabled(asked: boolean | undefined, options: Options, key: string, fallback: boolean): boolean {
  if (asked !== undefined) return asked;
  const text = options[key];
  if (text === undefined) return fallback;
  const said = readGoBool(text);
  if (said !== undefined) return said;
  throw invalidArgument(`driver-opt ${JSON.stringify(key)} is not a valid bool`);
}

function poolOf(config: IPAMConfig): IpamPool {
  return {
    subnet: config.Subnet ?? "",
    ...(config.IPRange ? { ipRange: config.IPRange } : {}),
    ...(config.Gateway ? { gateway: config.Gateway } : {}),
    ...(config.AuxiliaryAddresses && Object.keys(config.AuxiliaryAddresses).length > 0
      ? { auxAddresses: { ...config.AuxiliaryAddresses } }
      : {}),
  };
}

/** What a new network takes over from others. */
export interface NetworkSources {
  /** The network that `ConfigFrom` names. Errors: notFound. */
  findConfiguration(name: string): NetworkRecord;
  /** Options by the name of a driver, for those that the request leaves out. */
  readonly defaultOptions: Readonly<Record<string, Options>>;
}

/**
 * The network that a request asks for, not yet planned by its driver. Errors: invalidArgument, permissionDenied, notFound, with docker's texts.
 */
export function newNetwork(
  request: NetworkCreateRequest,
  { findConfiguration, defaultOptions }: NetworkSources,
): NetworkRecord {
  const name = request.Name;
  if (name.trim() === "") throw invalidArgument(`invalid name: ${name}`);
  if (isPredefinedName(name)) throw createsPredefined(name);
  if (request.Ingress || request.Scope === "swarm") throw notSwarmManager();
  const own = ownConfiguration(request, defaultOptions);
  const configFrom = request.ConfigFrom?.Network ?? "";
  if (configFrom === "") return own;
  checkDependent(request, own);
  const { enableIpv4, enableIpv6, ipamDriver, ipamOptions, pools, options, labels } =
    findConfiguration(configFrom);
  const userSubnets = pools.map(({ subnet }) => subnet);
  return {
    ...own,
    configFrom,
    enableIpv4,
    enableIpv6,
    ipamDriver,
    ipamOptions,
    pools,
    userSubnets,
    options,
    labels: sortedByKey({ ...labels, ...own.labels }),
  };
}

/** What the request asks for by a field of its own is no option beside it. */
function networkOptions(request: NetworkCreateRequest, defaults: Options): Options {
  const options = new Map(Object.entries({ ...defaults, ...request.Options }));
  if (request.EnableIPv4 !== undefined) options.delete(ENABLE_IPV4);
  if (request.EnableIPv6 !== undefined) options.delete(ENABLE_IPV6);
  return sortedByKey(Object.fromEntries(options));
}

function ownConfiguration(
  request: NetworkCreateRequest,
  defaultOptions: NetworkSources["defaultOptions"],
): NetworkRecord {
  const driver = request.Driver || "bridge";
  // A configuration is complete in itself.
  const isConfigured = request.ConfigOnly || Boolean(request.ConfigFrom?.Network);
  const options = networkOptions(request, isConfigured ? {} : (defaultOptions[driver] ?? {}));
  const ipam = request.IPAM ?? {};
  const enableIpv4 = enabled(request.EnableIPv4, options, ENABLE_IPV4, true);
  const enableIpv6 = enabled(request.EnableIPv6, options, ENABLE_IPV6, false);
  if (driver === "bridge" && !enableIpv4 && !enableIpv6) {
    throw invalidArgument("IPv4 or IPv6 must be enabled");
  }
  const ipamDriver = ipam.Driver || "default";
  const pools = (ipam.Config ?? []).map(poolOf);
  return {
    id: newId(),
    name: request.Name,
    // A configuration is no network of its own, so it has the driver that makes nothing.
    driver: request.ConfigOnly ? "null" : driver,
    createdAt: formatRfc3339Nano(nowNs()),
    enableIpv4,
    enableIpv6,
    internal: request.Internal ?? false,
    attachable: request.Attachable ?? false,
    ingress: false,
    configOnly: request.ConfigOnly ?? false,
    configFrom: "",
    ipamDriver,
    ipamOptions: sortedByKey(ipam.Options ?? {}),
    pools,
    userSubnets: pools.map(({ subnet }) => subnet),
    options,
    labels: sortedByKey(request.Labels ?? {}),
  };
}

function checkDependent(request: NetworkCreateRequest, own: NetworkRecord): void {
  if (own.configOnly) {
    throw permissionDenied("a configuration network cannot depend on another configuration network");
  }
  const configured =
    own.pools.length > 0 ||
    Object.keys(own.options).length > 0 ||
    Object.keys(own.ipamOptions).length > 0 ||
    request.EnableIPv6 === true;
  if (configured) {
    throw permissionDenied(
      "user supplied configurations are not supported if the network depends on a configuration network",
    );
  }
}
