import type { ReadStream, WriteStream } from "node:tty";
import type { ApiClient } from "../client/api-client.ts";
import { type ClientConfig, defaultConfigDir, readClientConfig } from "../client/config/config-file.ts";
import type { Globals } from "./globals.ts";
import { wantsDebugLog } from "./log-level.ts";
import type { OpenRemotes } from "./open-remotes.ts";
import type { StandardOutput } from "./streams/standard-output.ts";

/** What the program writes to. */
export interface Outputs {
  readonly out: StandardOutput;
  readonly err: StandardOutput;
}

/** One run of the program: its streams, its configuration and, on demand, its engine. */
export class Cli {
  readonly #process: NodeJS.Process;
  /** Stdout and stderr for bytes and finished text. */
  readonly out: StandardOutput;
  readonly err: StandardOutput;
  readonly env: NodeJS.ProcessEnv;
  readonly globals: Globals;
  /** Whether the program says what it does. */
  readonly debugging: boolean;
  /** Long names of the global options that were given. */
  readonly givenGlobals: ReadonlySet<string>;
  /** For commands that ask registries themselves. */
  readonly openRemotes: OpenRemotes;
  #config: ClientConfig | undefined;
  #client: Promise<ApiClient> | undefined;

  /** Errors: an ExitError for a `--log-level` that is none. */
  constructor(
    process: NodeJS.Process,
    { out, err }: Outputs,
    globals: Globals,
    givenGlobals: ReadonlySet<string>,
    openRemotes: OpenRemotes,
  ) {
    this.#process = process;
    this.out = out;
    this.err = err;
    this.env = process.env;
    this.globals = globals;
    this.debugging = wantsDebugLog(globals);
    this.givenGlobals = givenGlobals;
    this.openRemotes = openRemotes;
  }

  // A stream costs milliseconds to open, so only those that are used are.
  get stdin(): ReadStream {
    return this.#process.stdin;
  }

  get stdout(): WriteStream {
    return this.out.stream;
  }

  get stderr(): WriteStream {
    return this.err.stream;
  }

  get configDir(): string {
    return this.globals.config || defaultConfigDir(this.env);
  }

  /** The client's configuration; a broken file is told about and counts as empty, as in docker. */
  get config(): ClientConfig {
    if (this.#config) return this.#config;
    try {
      this.#config = readClientConfig(this.configDir);
    } catch (error) {
      this.warn(`WARNING: Error ${(error as Error).message}`);
      this.#config = {};
    }
    return this.#config;
  }

  /** The engine's client; connects, and starts the local engine, the first time. */
  client(): Promise<ApiClient> {
    this.#client ??= import("./connect.ts").then(({ connect }) => connect(this));
    return this.#client;
  }

  /** Writes finished text to stdout. */
  write(text: string): void {
    this.out.write(text);
  }

  /** Writes a line to stdout. */
  print(line: string): void {
    this.write(`${line}\n`);
  }

  /** Writes a line to stderr. */
  warn(line: string): void {
    this.err.write(`${line}\n`);
  }
}
