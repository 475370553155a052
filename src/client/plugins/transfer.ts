import { decodeJsonStream } from "../../spec/engine-api/json-stream.ts";
import type { AuthConfig, PluginPrivilege, ProgressMessage } from "../../spec/engine-api/mod.ts";
import type { ApiClient, ApiRequest } from "../api-client.ts";
import { imagePath } from "../path.ts";
import type { Query } from "../query.ts";
import { registryAuthHeader } from "../registry-auth.ts";

/** A plug-in in a registry, and who asks for it. */
export interface RemotePlugin {
  readonly remote: string;
  readonly auth: AuthConfig;
}

export interface PluginTransfer {
  /** The plug-in's name here, as the engine told it. */
  readonly name: string;
  /** A failure half way comes as a message with `errorDetail`, not as an exception. */
  readonly messages: AsyncIterable<ProgressMessage>;
}

/** What the plug-in asks its user for. */
export async function pluginPrivileges(
  client: ApiClient,
  { remote, auth }: RemotePlugin,
): Promise<readonly PluginPrivilege[]> {
  const headers = registryAuthHeader(auth);
  const path = "/plugins/privileges";
  const query = { remote };
  return (await client.json<PluginPrivilege[] | null>({ method: "GET", path, query, headers })) ?? [];
}

/** A plug-in in a registry, with what its user agreed to. */
export interface AgreedPlugin extends RemotePlugin {
  readonly privileges: readonly PluginPrivilege[];
}

/** The plug-in is here, disabled; an empty name lets the engine choose. */
export async function pullPlugin(
  client: ApiClient,
  plugin: AgreedPlugin,
  name: string,
): Promise<PluginTransfer> {
  return await fetchPlugin(client, plugin, "/plugins/pull", { name: name || undefined });
}

/** The disabled plug-in is what the registry has now. */
export async function upgradePlugin(
  client: ApiClient,
  plugin: AgreedPlugin,
  name: string,
): Promise<PluginTransfer> {
  return await fetchPlugin(client, plugin, `/plugins/${imagePath(name)}/upgrade`, {});
}

async function fetchPlugin(
  client: ApiClient,
  { remote, auth, privileges }: AgreedPlugin,
  path: string,
  query: Query,
): Promise<PluginTransfer> {
  const headers = registryAuthHeader(auth);
  return await transfer(client, {
    method: "POST",
    path,
    query: { remote, ...query },
    headers,
    json: privileges,
  });
}

/** The registry has the plug-in. */
export async function pushPlugin(client: ApiClient, name: string, auth: AuthConfig): Promise<PluginTransfer> {
  const path = `/plugins/${imagePath(name)}/push`;
  return await transfer(client, { method: "POST", path, headers: registryAuthHeader(auth) });
}

async function transfer(client: ApiClient, request: ApiRequest): Promise<PluginTransfer> {
  const response = await client.stream(request);
  const name = response.headers["docker-plugin-name"];
  return {
    name: typeof name === "string" ? name : "",
    messages: decodeJsonStream<ProgressMessage>(response),
  };
}
