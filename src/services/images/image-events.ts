import type { ImageRecord } from "../../core/images/image-store.ts";
import type { ImageParts } from "./parts.ts";

/**
 * Publishes what happened to an image. Labels of the image go with it, as docker has it; `name` wins over a label of
 * that name. Source: Engine API, "Monitor events".
 */
export function publishImageEvent(
  parts: ImageParts,
  action: string,
  actorId: string,
  name: string,
  image?: Pick<ImageRecord, "labels">,
): void {
  parts.events.publish({
    type: "image",
    action,
    actor: { id: actorId, attributes: { ...image?.labels, name } },
  });
}
