import type { ImageInspectResponse, OCIPlatform } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { imagePath } from "../path.ts";

/** All that is known of an image, of one platform where one is given. Errors: notFound. */
export function inspectImage(
  client: ApiClient,
  image: string,
  platform?: OCIPlatform,
): Promise<ImageInspectResponse> {
  return client.json({ method: "GET", path: `/images/${imagePath(image)}/json`, query: { platform } });
}
