import { digestOf } from "../../base/digest.ts";
import { newId } from "../../base/ids.ts";
import { type ContainerRecord, NEVER_STARTED } from "./container-record.ts";

/** A container that was made and never started. */
export function sampleContainer(changes: Partial<ContainerRecord> = {}): ContainerRecord {
  const id = changes.id ?? newId();
  return {
    id,
    name: `c${id.slice(0, 8)}`,
    createdAt: "2026-01-01T00:00:00.000000000Z",
    imageId: digestOf("image"),
    imageManifest: undefined,
    path: "/bin/sh",
    args: [],
    config: { Image: "image" },
    hostConfig: {},
    requestedEndpoints: {},
    platform: "linux",
    storageDriver: "overlay2",
    mounts: [],
    ...NEVER_STARTED,
    ...changes,
  };
}
