import { mkdtemp, rm } from "node:fs/promises";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../base/logger.ts";
import { type ApiServerOptions, createApiServer, type HttpApi } from "../mod.ts";
import { fakeBackends } from "./fakes.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  readonly body: any;
}

export interface RequestOptions {
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** An API server on a socket in a directory of its own, and a client for it. */
export class TestServer implements AsyncDisposable {
  readonly api: HttpApi;
  readonly socketPath: string;
  readonly #directory: string;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(api: HttpApi, directory: string) {
    this.api = api;
    this.#directory = directory;
    this.socketPath = join(directory, "api.sock");
  }

  static async start(
    backends: Parameters<typeof fakeBackends>[0],
    options: Partial<ApiServerOptions> = {},
  ): Promise<TestServer> {
    const directory = await mkdtemp(join(tmpdir(), "gantry-api-"));
    const api = createApiServer({
      backends: fakeBackends(backends),
      logger: silentLogger,
      engineVersion: "0.0.0-test",
      cgroupV2: false,
      ...options,
    });
    const server = new TestServer(api, directory);
    await api.listen(`unix://${server.socketPath}`);
    return server;
  }

  /** The answer's head, with its body still to be read. */
  open(method: string, path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const json = options.body !== undefined && typeof options.body !== "string";
      const text = json ? JSON.stringify(options.body) : (options.body as string | undefined);
      const headers: Record<string, string> = {
        ...(json ? { "Content-Type": "application/json" } : {}),
        ...(text === undefined ? {} : { "Content-Length": String(Buffer.byteLength(text)) }),
        ...options.headers,
      };
      const sent = request(
        { socketPath: this.socketPath, method, path, headers, agent: this.#agent },
        resolve,
      );
      sent.on("error", reject);
      sent.end(text);
    });
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const message = await this.open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    return {
      status: message.statusCode!,
      headers: message.headers,
      text,
      get body() {
        return JSON.parse(text);
      },
    };
  }

  /** A connection without an HTTP client on it. */
  connect(): RawClient {
    return new RawClient(connect({ path: this.socketPath, allowHalfOpen: true }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.api.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** A client that speaks bytes. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  #received = "";
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
      this.#wake?.();
    });
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on("end", end);
    socket.on("close", end);
    socket.on("error", () => {});
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Everything received so far, once it contains `text`. */
  async until(text: string): Promise<string> {
    while (!this.#received.includes(text)) {
      if (this.#ended) throw new Error(`connection ended before ${JSON.stringify(text)}: ${this.#received}`);
      await this.#more();
    }
    return this.#received;
  }

  /** Everything received, once the server has ended its side. */
  async untilEnd(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.#received;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
