import type { AuthConfig } from "../spec/engine-api/mod.ts";

/** Credentials as the `X-Registry-Auth` header carries them: JSON in base64url with padding. */
function encodeRegistryAuth(auth: AuthConfig): string {
  const text = Buffer.from(JSON.stringify(auth)).toString("base64");
  return text.replaceAll("+", "-").replaceAll("/", "_");
}

/** The header of a request that may need credentials; none where there are none. */
export function registryAuthHeader(auth: AuthConfig | undefined): Record<string, string> {
  return auth === undefined ? {} : { "X-Registry-Auth": encodeRegistryAuth(auth) };
}
