import type { AuthConfig, AuthResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";

/** Checks credentials with a registry. Errors: unauthenticated. */
export function checkAuth(client: ApiClient, auth: AuthConfig): Promise<AuthResponse> {
  return client.json({ method: "POST", path: "/auth", json: auth });
}
