import type { ImageDeleteItem, OCIPlatform } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { imagePath } from "../path.ts";

export interface RemoveImageOptions {
  readonly force?: boolean;
  /** Keeps untagged parents. */
  readonly noPrune?: boolean;
  /** Only these of it. */
  readonly platforms?: readonly OCIPlatform[];
}

/** Removes a name of an image, and the image with its last one. Errors: notFound, conflict (in use). */
export function removeImage(
  client: ApiClient,
  image: string,
  options: RemoveImageOptions = {},
): Promise<ImageDeleteItem[]> {
  const platforms = (options.platforms ?? []).map((platform) => JSON.stringify(platform));
  const query = { force: options.force, noprune: options.noPrune, platforms };
  return client.json({ method: "DELETE", path: `/images/${imagePath(image)}`, query });
}
