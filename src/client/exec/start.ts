import type { ExecStartRequest } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import type { AttachedStream } from "../attached-stream.ts";
import { segment } from "../path.ts";

/** Starts a prepared process and leaves it alone. */
export function startExecDetached(client: ApiClient, id: string, body: ExecStartRequest): Promise<void> {
  return client.send({ method: "POST", path: `/exec/${segment(id)}/start`, json: { ...body, Detach: true } });
}

/** Starts a prepared process with its streams attached; `typing` where its stdin is among them. */
export function startExecAttached(
  client: ApiClient,
  id: string,
  body: ExecStartRequest,
  typing: boolean,
): Promise<AttachedStream> {
  const path = `/exec/${segment(id)}/start`;
  return client.attach({ method: "POST", path, json: { ...body, Detach: false } }, typing);
}
