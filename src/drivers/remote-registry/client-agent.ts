import type { HttpSender } from "./transport.ts";

const MAX_CLIENT = 256;

/**
 * Sends as `sender` does, and tells the registry which program asked the engine, the way docker does it:
 * `gantry/0.1.0 UpstreamClient(Docker-Client/28.2.2 \(linux\))`.
 */
export function onBehalfOf(sender: HttpSender, client: string | undefined, engineAgent: string): HttpSender {
  if (!client) return sender;
  const escaped = client.slice(0, MAX_CLIENT).replace(/[();\\]/g, "\\$&");
  const agent = `${engineAgent} UpstreamClient(${escaped})`;
  return {
    send: (request) => sender.send({ ...request, headers: { "user-agent": agent, ...request.headers } }),
  };
}
