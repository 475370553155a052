import type { ImageHistoryItem, OCIPlatform } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { imagePath } from "../path.ts";

/** The steps that made an image, newest first; of one platform where one is given. */
export function imageHistory(
  client: ApiClient,
  image: string,
  platform?: OCIPlatform,
): Promise<ImageHistoryItem[]> {
  return client.json({ method: "GET", path: `/images/${imagePath(image)}/history`, query: { platform } });
}
