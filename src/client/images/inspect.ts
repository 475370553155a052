import type { ImageInspectResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { imagePath } from "../path.ts";

/** All that is known of an image. Errors: notFound. */
export function inspectImage(client: ApiClient, image: string): Promise<ImageInspectResponse> {
  return client.json({ method: "GET", path: `/images/${imagePath(image)}/json` });
}
