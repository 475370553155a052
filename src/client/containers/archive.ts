import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { PathStat } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

function statIn(response: IncomingMessage): PathStat {
  const header = String(response.headers["x-docker-container-path-stat"] ?? "");
  return JSON.parse(Buffer.from(header, "base64").toString("utf8")) as PathStat;
}

/** What a path in a container is. Errors: notFound (container or path). */
export async function statContainerPath(client: ApiClient, id: string, path: string): Promise<PathStat> {
  const url = `/containers/${segment(id)}/archive`;
  const response = await client.stream({ method: "HEAD", path: url, query: { path } });
  response.resume();
  return statIn(response);
}

/** A path in a container as a tar, whose one entry (with what is below it) has the path's last name. */
export async function getContainerArchive(
  client: ApiClient,
  id: string,
  path: string,
): Promise<{ stat: PathStat; tar: IncomingMessage }> {
  const url = `/containers/${segment(id)}/archive`;
  const tar = await client.stream({ method: "GET", path: url, query: { path } });
  return { stat: statIn(tar), tar };
}

export interface PutArchiveOptions {
  /** Refuses to turn a directory into a file or the other way round. */
  readonly noOverwriteDirNonDir?: boolean;
  /** Keeps owners as they are in the tar. */
  readonly copyUidGid?: boolean;
}

/** Unpacks a tar into a directory of a container. Errors: notFound, permissionDenied (read-only). */
export function putContainerArchive(
  client: ApiClient,
  id: string,
  directory: string,
  tar: Readable,
  options: PutArchiveOptions = {},
): Promise<void> {
  const query = {
    path: directory,
    noOverwriteDirNonDir: options.noOverwriteDirNonDir ? "true" : undefined,
    copyUIDGID: options.copyUidGid ? "true" : undefined,
  };
  const headers = { "Content-Type": "application/x-tar" };
  return client.send({
    method: "PUT",
    path: `/containers/${segment(id)}/archive`,
    query,
    headers,
    body: tar,
  });
}
