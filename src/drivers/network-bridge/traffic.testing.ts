import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Programs that tests run inside network namespaces: they answer each caller with the address that they see of it. */

const SERVER = `
const [, tcpPort, udpPort, host] = process.argv;
const server = require("node:net").createServer((socket) => socket.end(socket.remoteAddress));
const datagrams = require("node:dgram").createSocket(host.includes(":") ? "udp6" : "udp4");
datagrams.on("message", (_, from) => datagrams.send(from.address, from.port, from.address));
server.on("error", (error) => { console.log(error.code); process.exit(1); });
server.listen(Number(tcpPort), host, () => datagrams.bind(Number(udpPort), host, () => console.log("ready")));
`;

const CLIENT = `
const [, protocol, host, port, sourcePort] = process.argv;
const finish = (text) => { console.log(text); process.exit(0); };
setTimeout(() => finish("timeout"), 400);
if (protocol === "tcp") {
  const socket = require("node:net").connect({ host, port: Number(port) });
  socket.on("data", (data) => finish(String(data)));
  socket.on("error", (error) => finish(error.code));
} else {
  const socket = require("node:dgram").createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("message", (data) => finish(String(data)));
  socket.on("error", (error) => finish(error.code));
  socket.bind(Number(sourcePort ?? 0), () => socket.send("?", Number(port), host));
}
`;

function runInside(namespace: string, script: string, args: readonly (string | number)[]): ChildProcess {
  const program = [process.execPath, "-e", script, "--", ...args.map(String)];
  return spawn("nsenter", [`--net=${namespace}`, ...program], { stdio: ["ignore", "pipe", "inherit"] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [data] = await once(child.stdout!, "data");
  return String(data).trim();
}

/** A server of TCP and UDP in that namespace; stopped when it is disposed. What it says first is "ready" or an error's name. */
export class EchoServer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly said: Promise<string>;

  constructor(namespace: string, port: number, host = "0.0.0.0") {
    this.#child = runInside(namespace, SERVER, [port, port, host]);
    this.said = firstLine(this.#child);
  }

  static async start(namespace: string, port: number, host?: string): Promise<EchoServer> {
    const server = new EchoServer(namespace, port, host);
    const said = await server.said;
    if (said !== "ready") throw new Error(`the server said ${said}`);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}

/** Calls a server from inside a namespace: the address that it saw, `timeout`, or the error's name. */
export async function call(
  namespace: string,
  protocol: "tcp" | "udp",
  host: string,
  port: number,
  sourcePort?: number,
): Promise<string> {
  const args = [protocol, host, port, ...(sourcePort === undefined ? [] : [sourcePort])];
  const child = runInside(namespace, CLIENT, args);
  const exited = once(child, "exit");
  const line = await firstLine(child);
  await exited;
  return line;
}
