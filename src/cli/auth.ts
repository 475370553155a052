import type { AuthConfig } from "../spec/engine-api/mod.ts";
import { DEFAULT_DOMAIN, parseNormalized } from "../spec/reference/reference.ts";
import type { Cli } from "./cli.ts";

/** Docker Hub's key in `auths`, from the days of its first API. */
export const HUB_AUTH_KEY = "https://index.docker.io/v1/";

/** The key that a registry's credentials are stored under. */
export function authKey(registry: string): string {
  return registry === DEFAULT_DOMAIN || registry === "index.docker.io" ? HUB_AUTH_KEY : registry;
}

/** Credentials for the registry that an image is on; an empty object where none are stored. */
export async function authForImage(cli: Cli, image: string): Promise<AuthConfig> {
  return await storedAuth(cli, authKey(parseNormalized(image).domain));
}

/** The credentials stored under a key: by a helper where one is configured, else in the configuration file. */
export async function storedAuth(cli: Cli, key: string): Promise<AuthConfig> {
  const helper = cli.config.credHelpers?.[hostOf(key)] ?? cli.config.credsStore;
  if (helper) {
    const { getCredentials } = await import("./credential-helper.ts");
    return await getCredentials(helper, key);
  }
  const stored = cli.config.auths?.[key] ?? cli.config.auths?.[hostOf(key)];
  if (!stored) return {};
  const [username = "", ...password] = Buffer.from(stored.auth ?? "", "base64")
    .toString("utf8")
    .split(":");
  return {
    ...(username === "" ? {} : { username, password: password.join(":").replace(/\0+$/, "") }),
    serveraddress: key,
    ...(stored.identitytoken ? { identitytoken: stored.identitytoken } : {}),
    ...(stored.registrytoken ? { registrytoken: stored.registrytoken } : {}),
  };
}

/** The host in a key that may be a URL. */
export function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").split("/", 1)[0]!;
}
