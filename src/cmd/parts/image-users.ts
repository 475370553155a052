import type { ContainerRecord } from "../../core/containers/container-record.ts";
import type { ImageUser, ImageUsers } from "../../services/images/mod.ts";

/** The containers of a store as users of images: each of its own image, and of those that it has mounted. */
export function imageUsers(containers: { list(): readonly ContainerRecord[] }): ImageUsers {
  return {
    list: () =>
      containers.list().flatMap(({ id: containerId, imageId, mounts, state }): ImageUser[] => {
        const shown = mounts.flatMap((mount) => (mount.type === "image" ? [mount.imageId] : []));
        const running = state.pid !== 0;
        return [imageId, ...shown].map((each) => ({ containerId, imageId: each, running }));
      }),
  };
}
