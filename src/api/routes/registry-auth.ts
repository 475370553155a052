import { credentialsOf } from "../../core/remotes/credentials-of.ts";
import type { RegistryCredentials } from "../../core/remotes/remote.ts";
import type { AuthConfig } from "../../spec/engine-api/mod.ts";
import type { Exchange } from "../server/exchange.ts";

/** Who asks, as a registry is told it: the client, and the credentials that it sent. */
export function registryCredentials(exchange: Exchange): RegistryCredentials {
  const client = exchange.header("user-agent");
  return { ...(client && { client }), ...sentCredentials(exchange) };
}

/**
 * The credentials in `X-Registry-Auth`: JSON in base64url, or plain base64 as some clients send it. What cannot be
 * read counts as none, as in docker: the registry then decides.
 */
function sentCredentials(exchange: Exchange): RegistryCredentials | undefined {
  const header = exchange.header("x-registry-auth");
  if (header === "") return undefined;
  let config: unknown;
  try {
    config = JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof config !== "object" || config === null) return undefined;
  return credentialsOf(config as AuthConfig);
}
