import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const MEDIA_TYPE = "application/vnd.docker.plugins.v1.2+json";

/** Answers one call, by one object or by a stream of bytes. What it throws becomes the `Err` of the answer. */
export type Handler = (
  request: Readonly<Record<string, unknown>>,
) => Promise<object | AsyncIterable<Buffer>> | object | AsyncIterable<Buffer>;

/** A plug-in answers on `socketPath`; `implement` and the keys of `handlers` are names of the protocol. */
export async function servePlugin(
  socketPath: string,
  implement: readonly string[],
  handlers: Readonly<Record<string, Handler>>,
): Promise<Server> {
  const all: Readonly<Record<string, Handler>> = {
    "/Plugin.Activate": () => ({ Implements: implement }),
    ...Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [`/${name}`, handler])),
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const send = (status: number, answer: object) => {
      response.writeHead(status, { "Content-Type": MEDIA_TYPE });
      response.end(JSON.stringify(answer));
    };
    const handler = all[request.url ?? ""];
    if (!handler) return send(404, { Err: `unknown call ${request.url}` });
    try {
      const text = Buffer.concat(chunks).toString("utf8").trim();
      const answer = await handler(text === "" ? {} : (JSON.parse(text) as Record<string, unknown>));
      if (!(Symbol.asyncIterator in answer)) return send(200, answer);
      response.writeHead(200, { "Content-Type": "application/x-json-stream" });
      await pipeline(Readable.from(answer as AsyncIterable<Buffer>), response);
    } catch (error) {
      if (response.headersSent) return response.destroy();
      return send(500, { Err: error instanceof Error ? error.message : String(error) });
    }
  });
  mkdirSync(dirname(socketPath), { recursive: true });
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  // The first process of a container gets no signal that it has not asked for.
  process.once("SIGTERM", () => process.exit(0));
  return server;
}
