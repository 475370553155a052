import type { ImageHistoryItem } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { imagePath } from "../path.ts";

/** The steps that made an image, newest first. */
export function imageHistory(client: ApiClient, image: string): Promise<ImageHistoryItem[]> {
  return client.json({ method: "GET", path: `/images/${imagePath(image)}/history` });
}
