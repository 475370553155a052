import { Semaphore } from "../../../base/async.ts";
import { internal, invalidArgument } from "../../../base/errors.ts";
import { loadLibrary, type NativePointer, readCString } from "../../ffi/native.ts";
import { giveBackLowDescriptor, withLowDescriptor } from "../low-descriptors.ts";
import { withNetworkNamespace } from "../namespace.ts";
import { type NftFamily, name as nftName } from "./expression.ts";
import { NftablesError } from "./nftables-error.ts";

const OUTPUT_HANDLE = 1 << 3;
const OUTPUT_JSON = 1 << 4;

function bindLibrary() {
  const { bind } = loadLibrary("libnftables.so.1");
  type Context = [NativePointer];
  return {
    create: bind<[number], NativePointer>("nft_ctx_new", "pointer", ["uint"]),
    free: bind<Context, void>("nft_ctx_free", "void", ["pointer"]),
    bufferOutput: bind<Context>("nft_ctx_buffer_output", "int", ["pointer"]),
    bufferError: bind<Context>("nft_ctx_buffer_error", "int", ["pointer"]),
    output: bind<Context, NativePointer>("nft_ctx_get_output_buffer", "pointer", ["pointer"]),
    error: bind<Context, NativePointer>("nft_ctx_get_error_buffer", "pointer", ["pointer"]),
    setFlags: bind<[NativePointer, number], void>("nft_ctx_output_set_flags", "void", ["pointer", "uint"]),
    run: bind<[NativePointer, string]>("nft_run_cmd_from_buffer", "int", ["pointer", "string"]),
  };
}

let library: ReturnType<typeof bindLibrary> | undefined;
/** The library, loaded when it is first needed: 3 ms that a process without firewall rules never spends. */
function load(): ReturnType<typeof bindLibrary> {
  library ??= bindLibrary();
  return library;
}

/**
 * libnftables keeps its table of interfaces in a global that no lock guards, so one transaction runs at a time in the
 * process, whichever context it belongs to.
 */
const transactions = new Semaphore(1);

/**
 * Up to this size a transaction runs on the calling thread: one map element takes 0.06 ms there and 0.12 ms by way of
 * another thread; 8 KiB are some 250 elements and 2 ms. Larger ones and listings, whose size nobody knows before,
 * run on another thread.
 */
const INLINE_LENGTH = 8 * 1024;

export interface NftablesOptions {
  /** The network namespace whose rules are meant, a file or an open descriptor; the thread's own by default. */
  readonly namespace?: string | number;
}

/**
 * A context of libnftables(3). Its socket is made with it and stays in that network namespace; `iif` and `oif`, which
 * compare indexes, are looked up in the namespace of the running thread instead, so rules for another namespace
 * say `iifname` and `oifname`. Transactions of one process run one after the other.
 */
export class Nftables implements AsyncDisposable {
  #context: NativePointer;

  private constructor(context: NativePointer) {
    this.#context = context;
  }

  /** Opens a context: 0.1 ms, 3 ms more for the first one. Throws where libnftables is missing. */
  static open(options: NftablesOptions = {}): Nftables {
    const { create, bufferOutput, bufferError, free } = load();
    // The library waits for its socket with select(2).
    const open = () => withLowDescriptor(() => create(0), free);
    const context = options.namespace === undefined ? open() : withNetworkNamespace(options.namespace, open);
    if (!context) throw internal("libnftables: no context");
    if (bufferOutput(context) !== 0 || bufferError(context) !== 0) {
      free(context);
      giveBackLowDescriptor();
      throw internal("libnftables: no memory for the output");
    }
    return new Nftables(context);
  }

  /**
   * Carries out `commands`, the text of nft(8), as one transaction: all or nothing. Returns what they print.
   * Errors: NftablesError.
   */
  async run(commands: string): Promise<string> {
    return await this.#transact(commands, 0, commands.length > INLINE_LENGTH);
  }

  /** All objects of a table, each once; undefined where there is no such table. Errors: NftablesError. */
  async listTable(family: NftFamily, table: string): Promise<NftablesObject[] | undefined> {
    const command = `list table ${family} ${nftName(table).text}`;
    try {
      return distinct(parseObjects(await this.#transact(command, OUTPUT_JSON | OUTPUT_HANDLE, true)));
    } catch (error) {
      if (error instanceof NftablesError && error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Frees the context after the transactions that were asked for before; a second time does nothing. */
  async close(): Promise<void> {
    using _turn = await transactions.acquire();
    if (this.#context === undefined) return;
    load().free(this.#context);
    giveBackLowDescriptor();
    this.#context = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #transact(commands: string, flags: number, onOtherThread: boolean): Promise<string> {
    if (commands.includes("\0")) throw invalidArgument("nftables commands must not contain a NUL character");
    using _turn = await transactions.acquire();
    const context = this.#context;
    if (context === undefined) throw internal("the nftables context is closed");
    const { run, setFlags, output, error } = load();
    setFlags(context, flags);
    const status = onOtherThread ? (await run.async(context, commands)).result : run(context, commands);
    // Reading a buffer also empties it for the next run.
    const printed = readCString(output(context));
    const complaint = readCString(error(context));
    if (status !== 0) throw new NftablesError(complaint, commands);
    return printed;
  }
}

/** One object of libnftables-json(5): `{ rule: {…} }`, `{ chain: {…} }` and so on. */
export type NftablesObject = Readonly<Record<string, unknown>>;

function parseObjects(text: string): NftablesObject[] {
  if (text === "") return [];
  const parsed: unknown = JSON.parse(text);
  const objects = (parsed as { nftables?: unknown }).nftables;
  if (!Array.isArray(objects)) throw internal("libnftables answered in an unknown form");
  return objects.filter((object: NftablesObject) => !("metainfo" in object));
}

/**
 * Where another program commits a transaction in the middle of a listing, libnftables (1.0.6) starts over and keeps what
 * it had read before, so that some objects come twice.
 */
function distinct(objects: readonly NftablesObject[]): NftablesObject[] {
  const found = new Map(objects.map((object) => [identityOf(object), object]));
  return [...found.values()];
}

/** Objects of one table and kind are told apart by their handles. */
function identityOf(object: NftablesObject): string {
  const [kind, value] = Object.entries(object)[0]!;
  return `${kind} ${(value as { readonly handle: number }).handle}`;
}
