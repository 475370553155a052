import type { EngineEvent } from "../../../core/events/event-log.ts";
import type { EventMessage, SystemInfo } from "../../../spec/engine-api/mod.ts";
import type { ApiVersion, VersionRule } from "../../server/versions.ts";

/** How older versions of the API write what the engine says of itself. Source: Engine API version history. */

export const infoRules: readonly VersionRule<SystemInfo>[] = [
  {
    from: "1.42",
    apply: (info) => {
      if (!info.KernelMemory) delete info.KernelMemory;
    },
  },
  {
    from: "1.52",
    apply: (info) => {
      delete info.KernelMemoryTCP;
    },
  },
  {
    below: "1.44",
    apply: (info) => {
      delete info.CDISpecDirs;
      for (const runtime of Object.values(info.Runtimes)) delete runtime.status;
    },
  },
  {
    below: "1.46",
    apply: (info) => {
      delete info.Containerd;
    },
  },
  {
    below: "1.49",
    apply: (info) => {
      delete info.FirewallBackend;
      for (const commit of [info.ContainerdCommit, info.RuncCommit, info.InitCommit]) {
        commit.Expected = commit.ID;
      }
      if (!info.RegistryConfig) return;
      info.RegistryConfig.AllowNondistributableArtifactsCIDRs ??= null;
      info.RegistryConfig.AllowNondistributableArtifactsHostnames ??= null;
    },
  },
  {
    below: "1.50",
    apply: (info) => {
      delete info.DiscoveredDevices;
      info.BridgeNfIptables = false;
      info.BridgeNfIp6tables = false;
    },
  },
  {
    below: "1.53",
    apply: (info) => {
      delete info.NRI;
    },
  },
];

/** Whether a version knows of an event. */
export function isKnownEvent(event: EngineEvent, version: ApiVersion): boolean {
  // An image's making is an event since 1.46.
  return version.atLeast("1.46") || event.type !== "image" || event.action !== "create";
}

/** An event as `version` writes it. */
export function eventMessage(event: EngineEvent, version: ApiVersion): EventMessage {
  const { id, attributes } = event.actor;
  return {
    ...(version.below("1.52") ? legacyFields(event) : {}),
    Type: event.type,
    Action: event.action,
    Actor: { ID: id, Attributes: { ...attributes } },
    scope: "local",
    time: Number(event.timeNs / 1_000_000_000n),
    // The number needs more digits than a double has.
    timeNano: rawNumber(event.timeNs),
  };
}

/** A number that `JSON.stringify` writes with all its digits. Source: ECMAScript, JSON.rawJSON. */
function rawNumber(value: bigint): number {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  return rawJSON(String(value)) as number;
}

/** Fields that containers and images had before events became general; old clients fail without them. */
function legacyFields({ type, action, actor }: EngineEvent): Partial<EventMessage> {
  if (type !== "container" && type !== "image") return {};
  const fields = { status: action, id: actor.id };
  return type === "container" ? { ...fields, from: actor.attributes["image"] ?? "" } : fields;
}
