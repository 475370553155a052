import type { CommitResponse, ContainerConfig } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";

export interface CommitOptions {
  readonly repository?: string;
  readonly tag?: string;
  readonly comment?: string;
  readonly author?: string;
  /** Dockerfile instructions. */
  readonly changes?: readonly string[];
  readonly pause: boolean;
  readonly config?: ContainerConfig;
}

/** Makes an image of a container's files. */
export function commitContainer(
  client: ApiClient,
  id: string,
  options: CommitOptions,
): Promise<CommitResponse> {
  const query = {
    container: id,
    repo: options.repository,
    tag: options.tag,
    comment: options.comment,
    author: options.author,
    changes: options.changes,
    pause: options.pause ? undefined : "0",
  };
  return client.json({
    method: "POST",
    path: "/commit",
    query,
    ...(options.config ? { json: options.config } : {}),
  });
}
