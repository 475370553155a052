import type { ExecInspectResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** The state of a process started by exec, its exit code included. */
export function inspectExec(client: ApiClient, id: string): Promise<ExecInspectResponse> {
  return client.json({ method: "GET", path: `/exec/${segment(id)}/json` });
}
