import type { AuthConfig } from "../../spec/engine-api/mod.ts";
import type { RegistryCredentials } from "./remote.ts";

/** Credentials in the form that clients store and send them; undefined where there is none. */
export function credentialsOf(config: AuthConfig): RegistryCredentials | undefined {
  const credentials = {
    ...(config.username ? { username: config.username } : {}),
    ...(config.password ? { password: config.password } : {}),
    ...(config.identitytoken ? { identityToken: config.identitytoken } : {}),
    ...(config.registrytoken ? { registryToken: config.registrytoken } : {}),
    ...(config.serveraddress ? { serverAddress: config.serveraddress } : {}),
  };
  return Object.keys(credentials).length === 0 ? undefined : credentials;
}
