import type { ExecCreateRequest, ExecCreateResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Prepares a process in a running container. Errors: notFound, conflict (not running, or paused). */
export function createExec(
  client: ApiClient,
  container: string,
  body: ExecCreateRequest,
): Promise<ExecCreateResponse> {
  return client.json({ method: "POST", path: `/containers/${segment(container)}/exec`, json: body });
}
