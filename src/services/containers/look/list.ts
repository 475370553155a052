import { invalidArgument } from "../../../base/errors.ts";
import { booleanFilter, type Filters, matchesLabels, matchesPattern } from "../../../base/filters.ts";
import { formatHumanDuration, parseRfc3339Nano } from "../../../base/time.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ContainerSummary, OCIDescriptor, PortSummary } from "../../../spec/engine-api/mod.ts";
import { parsePortKey } from "../create/published-ports.ts";
import { findContainer } from "../find.ts";
import { linkNames } from "../links/link-names.ts";
import { type ContainerParts, isRunning } from "../parts.ts";
import { exposedPorts } from "./exposed-ports.ts";
import { containerSizes, describeMount, describeNetworks } from "./inspect.ts";
import { parsePortFilters, type WantedPorts } from "./port-filters.ts";

export interface ListOptions {
  /** Ended containers too. */
  readonly all: boolean;
  /** The newest so many, ended ones included; 0 for no limit. */
  readonly limit: number;
  /** Fills `SizeRw` and `SizeRootFs`. */
  readonly size: boolean;
  readonly filters: Filters;
}

const STATUSES = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];

/** Containers newest first. Errors: invalidArgument (filter values), notFound (before, since). */
export async function listContainers(
  parts: ContainerParts,
  options: ListOptions,
): Promise<ContainerSummary[]> {
  const { filters } = options;
  const everything = options.all || options.limit > 0 || filters.has("status") || filters.has("exited");
  const links = linkNames(parts.store);
  const namesOf = ({ id, name }: ContainerRecord) => [name, ...(links.get(id) ?? [])];
  const accept = acceptor(parts, filters, namesOf);
  const chosen: ContainerRecord[] = [];
  for (const record of parts.store.list()) {
    if (!everything && !isRunning(record) && record.state.status !== "restarting") continue;
    if (!accept(record)) continue;
    chosen.push(record);
    if (options.limit > 0 && chosen.length === options.limit) break;
  }
  const look: Look = {
    parts,
    nowMs: Date.now(),
    namesOf,
    imageNames: new Map(),
    manifests: await manifestsOf(parts, chosen),
  };
  if (!options.size) return chosen.map((record) => summarize(look, record));
  return await Promise.all(
    chosen.map(async (record) => ({
      ...summarize(look, record),
      ...(await containerSizes(parts, record)),
    })),
  );
}

function acceptor(
  parts: ContainerParts,
  filters: Filters,
  namesOf: Look["namesOf"],
): (record: ContainerRecord) => boolean {
  for (const status of filters.get("status") ?? []) {
    if (!STATUSES.includes(status)) throw invalidArgument(`invalid filter 'status=${status}'`);
  }
  const exitCodes = (filters.get("exited") ?? []).map((text) => {
    if (!/^-?\d+$/.test(text)) throw invalidArgument(`invalid filter 'exited=${text}'`);
    return Number(text);
  });
  const bound = (name: string) => {
    const text = filters.get(name)?.[0];
    return text === undefined ? undefined : findContainer(parts.store, text).createdAt;
  };
  const before = bound("before");
  const since = bound("since");
  const wantedPorts = parsePortFilters(filters);
  const wantsTasks = booleanFilter(filters, "is-task");
  const any = (name: string, test: (wanted: string) => boolean) => {
    const wanted = filters.get(name) ?? [];
    return wanted.length === 0 || wanted.some(test);
  };
  return (record) =>
    matchesPattern(filters, "id", record.id) &&
    any("name", (wanted) => namesOf(record).some((name) => matchesName(name, wanted))) &&
    matchesLabels(filters, "label", record.config.Labels) &&
    any("status", (status) => record.state.status === status) &&
    (exitCodes.length === 0 ||
      (exitCodes.includes(record.state.exitCode) && !isRunning(record) && record.startedOnce)) &&
    (before === undefined || isEarlier(record.createdAt, before)) &&
    (since === undefined || isEarlier(since, record.createdAt)) &&
    any("ancestor", (image) => isFrom(parts, record, image)) &&
    any("volume", (volume) => record.mounts.some((mount) => mountMatches(mount, volume))) &&
    any("network", (network) => usesNetwork(parts, record, network)) &&
    hasWantedPort(parts, record, wantedPorts) &&
    any("health", (health) => (record.state.health?.Status ?? "none") === health) &&
    (wantsTasks === undefined || isTask(record) === wantsTasks);
}

function isTask(record: ContainerRecord): boolean {
  return record.config.Labels?.["com.docker.swarm.task.id"] !== undefined;
}

function matchesName(name: string, wanted: string): boolean {
  const filters = new Map([["name", [wanted]]]);
  return matchesPattern(filters, "name", name) || matchesPattern(filters, "name", `/${name}`);
}

function isEarlier(one: string, other: string): boolean {
  return (parseRfc3339Nano(one) ?? 0n) < (parseRfc3339Nano(other) ?? 0n);
}

function isFrom(parts: ContainerParts, record: ContainerRecord, image: string): boolean {
  return record.config.Image === image || parts.images.isAncestor(image, record.imageId);
}

function mountMatches(mount: ContainerRecord["mounts"][number], wanted: string): boolean {
  // What `--tmpfs` asked for is no mount point in docker's eyes: `inspect` does not show it either.
  if (mount.type === "tmpfs" && !mount.listed) return false;
  if (mount.destination === wanted) return true;
  if (mount.type === "volume") return mount.name === wanted;
  if (mount.type === "image") return mount.reference === wanted;
  return mount.type === "bind" && mount.source === wanted;
}

function usesNetwork(parts: ContainerParts, record: ContainerRecord, wanted: string): boolean {
  const id = parts.networks.find(wanted)?.id;
  return Object.keys(record.requestedEndpoints).some(
    (name) => name === wanted || (id !== undefined && parts.networks.find(name)?.id === id),
  );
}

/** Whether a port that the running container shows is one of those wanted: either kind will do. */
function hasWantedPort(
  parts: ContainerParts,
  record: ContainerRecord,
  wanted: readonly WantedPorts[],
): boolean {
  if (wanted.length === 0) return true;
  return summarizePorts(parts, record).some(({ PrivatePort, PublicPort, Type }) =>
    wanted.some(({ filter, protocol, first, last }) => {
      const port = filter === "publish" ? (PublicPort ?? 0) : PrivatePort;
      return Type === protocol && port >= first && port <= last;
    }),
  );
}

/** One look at all containers, and what is the same for many of them. */
interface Look {
  readonly parts: ContainerParts;
  readonly nowMs: number;
  /** Its own name first, then those that links gave it; without a slash in front. */
  readonly namesOf: (record: ContainerRecord) => readonly string[];
  /** What an image is shown as, by the name it was asked by and its id. */
  readonly imageNames: Map<string, string>;
  /** Descriptors of the manifests that the containers were made of. */
  readonly manifests: ReadonlyMap<string, OCIDescriptor>;
}

async function manifestsOf(
  parts: ContainerParts,
  records: readonly ContainerRecord[],
): Promise<Map<string, OCIDescriptor>> {
  const images = new Map(records.map(({ imageManifest, imageId }) => [imageManifest, imageId]));
  const found = new Map<string, OCIDescriptor>();
  for (const [manifest, imageId] of images) {
    const descriptor = await parts.images.manifestDescriptor(imageId, manifest);
    if (manifest && descriptor) found.set(manifest, descriptor);
  }
  return found;
}

function imageName({ parts, imageNames }: Look, asked: string, imageId: ContainerRecord["imageId"]): string {
  const key = `${asked}\0${imageId}`;
  let shown = imageNames.get(key);
  if (shown === undefined) {
    shown = parts.images.displayName(asked, imageId);
    imageNames.set(key, shown);
  }
  return shown;
}

function summarize(look: Look, record: ContainerRecord): ContainerSummary {
  const { parts, nowMs } = look;
  const manifest = look.manifests.get(record.imageManifest ?? "");
  return {
    Id: record.id,
    Names: look.namesOf(record).map((name) => `/${name}`),
    Image: imageName(look, record.config.Image ?? "", record.imageId),
    ImageID: record.imageId,
    ...(manifest && { ImageManifestDescriptor: manifest }),
    Command: commandText([record.path, ...record.args]),
    Created: Number((parseRfc3339Nano(record.createdAt) ?? 0n) / 1_000_000_000n),
    Ports: summarizePorts(parts, record),
    Labels: record.config.Labels ?? {},
    State: record.state.status,
    Status: statusText(record, nowMs),
    HostConfig: {
      NetworkMode: record.hostConfig.NetworkMode ?? "",
      ...(record.hostConfig.Annotations ? { Annotations: record.hostConfig.Annotations } : {}),
    },
    NetworkSettings: { Networks: describeNetworks(parts, record) },
    Mounts: record.mounts
      .filter((mount) => mount.type !== "tmpfs" || mount.listed)
      .map((mount) => describeMount(parts, mount)),
    Health: {
      Status: record.state.health?.Status ?? "none",
      FailingStreak: record.state.health?.FailingStreak ?? 0,
    },
  };
}

/** The command as `ps` shows it: arguments with blanks in them are quoted. */
function commandText(words: readonly string[]): string {
  return words.map((word) => (word.includes(" ") ? `'${word}'` : word)).join(" ");
}

function summarizePorts(parts: ContainerParts, record: ContainerRecord): PortSummary[] {
  if (!isRunning(record)) return [];
  const ports: PortSummary[] = [];
  const published = parts.networks.endpointsOf(record.id).flatMap((endpoint) => endpoint.ports);
  for (const { hostIp, hostPort, containerPort, protocol } of published) {
    // One without a port of the host is open at the container's own address: it is no more than exposed here.
    const place = hostPort === 0 ? {} : { IP: hostIp, PublicPort: hostPort };
    ports.push({ ...place, PrivatePort: containerPort, Type: protocol });
  }
  for (const key of exposedPorts(parts, record)) {
    const { port, protocol } = parsePortKey(key);
    const known = published.some((each) => each.containerPort === port && each.protocol === protocol);
    if (!known) ports.push({ PrivatePort: port, Type: protocol });
  }
  return ports;
}

/** `Up 3 minutes`, `Exited (0) 2 hours ago`, …: docker's words. */
function statusText(record: ContainerRecord, nowMs: number): string {
  const { state } = record;
  const age = (time: string) =>
    formatHumanDuration(nowMs - Number((parseRfc3339Nano(time) ?? 0n) / 1_000_000n));
  switch (state.status) {
    case "running": {
      const health = state.health ? ` (${healthText(state.health.Status)})` : "";
      return `Up ${age(state.startedAt)}${health}`;
    }
    case "paused":
      return `Up ${age(state.startedAt)} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode}) ${age(state.finishedAt)} ago`;
    case "removing":
      return "Removal In Progress";
    case "dead":
      return "Dead";
    case "created":
      return "Created";
    case "exited":
      return `Exited (${state.exitCode}) ${age(state.finishedAt)} ago`;
  }
}

function healthText(status: string): string {
  return status === "starting" ? "health: starting" : status;
}
