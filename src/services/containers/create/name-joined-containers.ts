import { invalidArgument, isKind, messageOf } from "../../../base/errors.ts";
import type { ContainerStore } from "../../../core/containers/container-record.ts";
import type { HostConfig } from "../../../spec/engine-api/mod.ts";
import { findContainer } from "../find.ts";

const PREFIX = "container:";

/**
 * The configuration with ids in place of the names of containers whose namespaces are joined: these may be renamed.
 * Errors: invalidArgument where there is none; for a network that is told at the start, as by docker.
 */
export function nameJoinedContainers(store: ContainerStore, config: HostConfig): HostConfig {
  const named = (mode: string | undefined) => {
    if (!mode?.startsWith(PREFIX)) return mode;
    try {
      return PREFIX + findContainer(store, mode.slice(PREFIX.length)).id;
    } catch (error) {
      // The request is wrong, not the resource it is about.
      throw isKind(error, "notFound") ? invalidArgument(messageOf(error), { cause: error }) : error;
    }
  };
  const { IpcMode, PidMode, NetworkMode } = config;
  return {
    ...config,
    ...(IpcMode === undefined ? {} : { IpcMode: named(IpcMode)! }),
    ...(PidMode === undefined ? {} : { PidMode: named(PidMode)! }),
    ...(NetworkMode === undefined ? {} : { NetworkMode: leaveUnknown(named, NetworkMode) }),
  };
}

function leaveUnknown(named: (mode: string) => string | undefined, mode: string): string {
  try {
    return named(mode) ?? mode;
  } catch (error) {
    if (!isKind(error, "invalidArgument")) throw error;
    return mode;
  }
}
