/**
 * An authorization plug-in: everybody may look, containers may be run unless they are privileged, and what is
 * told of a container with a secret in its environment is kept back. Usage: read-only-api.ts SOCKET
 */
import { type Handler, servePlugin } from "./serve.ts";

const [socketPath] = process.argv.slice(2);
if (!socketPath) {
  process.stderr.write("usage: read-only-api.ts SOCKET\n");
  process.exit(2);
}

/** What may be done beside looking. */
const ALLOWED = [/^\/containers\/create/, /^\/containers\/[^/]+\/(start|wait|attach|resize)/];

function decode(request: Readonly<Record<string, unknown>>, field: string): unknown {
  const text = request[field];
  if (typeof text !== "string" || text === "") return undefined;
  return JSON.parse(Buffer.from(text, "base64").toString("utf8"));
}

const checkRequest: Handler = (request) => {
  const method = String(request["RequestMethod"]);
  const path = String(request["RequestUri"]).replace(/^\/v\d+\.\d+/, "");
  if (method === "GET" || method === "HEAD") return { Allow: true };
  if (!ALLOWED.some((pattern) => pattern.test(path))) {
    return { Allow: false, Msg: `${method} ${path.split("?")[0]} changes something` };
  }
  const body = decode(request, "RequestBody") as { HostConfig?: { Privileged?: boolean } } | undefined;
  if (body?.HostConfig?.Privileged) return { Allow: false, Msg: "privileged containers are not allowed" };
  return { Allow: true };
};

const checkResponse: Handler = (request) => {
  const body = decode(request, "ResponseBody") as { Config?: { Env?: string[] } } | undefined;
  const hidden = body?.Config?.Env?.some((entry) => entry.startsWith("SECRET="));
  return hidden ? { Allow: false, Msg: "the answer holds a secret" } : { Allow: true };
};

await servePlugin(socketPath, ["authz"], {
  "AuthZPlugin.AuthZReq": checkRequest,
  "AuthZPlugin.AuthZRes": checkResponse,
});
process.stdout.write("ready\n");
