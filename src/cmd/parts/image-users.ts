import type { ContainerRecord } from "../../core/containers/container-record.ts";
import { imageMountKey } from "../../services/containers/run/side-mounts.ts";
import type { ImageUser, ImageUsers } from "../../services/images/mod.ts";

/** The containers of a store as users of images: each of its own image, and of those that it has mounted. */
export function imageUsers(containers: { list(): readonly ContainerRecord[] }): ImageUsers {
  return {
    list: () =>
      containers.list().flatMap(({ id: containerId, imageId, config, mounts, state }): ImageUser[] => {
        const running = state.pid !== 0;
        const shown = mounts.flatMap((mount, index): ImageUser[] => {
          if (mount.type !== "image") return [];
          const snapshot = imageMountKey(containerId, index);
          return [{ containerId, snapshot, imageId: mount.imageId, asked: mount.reference, running }];
        });
        const asked = config.Image ?? "";
        return [{ containerId, snapshot: containerId, imageId, asked, running }, ...shown];
      }),
  };
}
