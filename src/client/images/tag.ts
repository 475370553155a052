import type { ApiClient } from "../api-client.ts";
import { imagePath } from "../path.ts";

/** Makes `repository:tag` name an image; the name moves where it is taken. */
export function tagImage(client: ApiClient, image: string, repository: string, tag: string): Promise<void> {
  return client.send({
    method: "POST",
    path: `/images/${imagePath(image)}/tag`,
    query: { repo: repository, tag },
  });
}
