import { Agent, request } from "node:http";

/** The newest API version that every peer knows. */
const VERSION = "v1.41";

/** Asks engines over their sockets, keeping connections as clients do. */
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** What an engine answers to one request, parsed. Throws with its message where it says no. */
export async function callApi(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const answer = (await askApi(socketPath, method, path, body)).toString();
  return answer ? JSON.parse(answer) : undefined;
}

/** The same answer to its last byte, unread. */
export function askApi(socketPath: string, method: string, path: string, body?: unknown): Promise<Buffer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = payload === undefined ? {} : { "Content-Type": "application/json" };
  return new Promise((resolve, reject) => {
    const call = request({ agent, socketPath, method, path: `/${VERSION}${path}`, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const answer = Buffer.concat(chunks);
        if ((response.statusCode ?? 500) < 400) resolve(answer);
        else reject(new Error(`${method} ${path}: ${answer.toString().trim()}`));
      });
    });
    call.on("error", reject);
    call.end(payload);
  });
}
