/**
 * An IPAM driver that keeps what it gave away in a file: networks of 256 addresses below a prefix of 16 bits.
 * Usage: file-addresses.ts SOCKET FILE PREFIX, the last one such as 10.99
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { type Handler, servePlugin } from "./serve.ts";

const [socketPath, file, prefix] = process.argv.slice(2);
if (!socketPath || !file || !prefix || !isIPv4(`${prefix}.0.0`)) {
  process.stderr.write("usage: file-addresses.ts SOCKET FILE PREFIX\n");
  process.exit(2);
}

/** Addresses that are given away, by pool; a pool's id is its subnet. */
type State = Record<string, string[]>;

function load(): State {
  try {
    return JSON.parse(readFileSync(file!, "utf8")) as State;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

function save(state: State): void {
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file!);
}

const requestPool: Handler = (request) => {
  if (request["V6"]) throw new Error("only IPv4");
  const state = load();
  const free = Array.from({ length: 256 }, (_, number) => `${prefix}.${number}.0/24`);
  const wanted = String(request["Pool"] || free.find((subnet) => !(subnet in state)));
  if (!free.includes(wanted)) throw new Error(`not a pool of mine: ${wanted}`);
  if (wanted in state) throw new Error(`pool ${wanted} is taken`);
  save({ ...state, [wanted]: [] });
  return { PoolID: wanted, Pool: wanted, Data: {} };
};

const releasePool: Handler = (request) => {
  const { [String(request["PoolID"])]: _released, ...others } = load();
  save(others);
  return {};
};

function addressesOf(state: State, request: Readonly<Record<string, unknown>>) {
  const pool = String(request["PoolID"]);
  const taken = state[pool];
  if (!taken) throw new Error(`no such pool: ${pool}`);
  return { pool, taken };
}

const requestAddress: Handler = (request) => {
  const state = load();
  const { pool, taken } = addressesOf(state, request);
  const base = pool.slice(0, pool.lastIndexOf("."));
  const all = Array.from({ length: 254 }, (_, number) => `${base}.${number + 1}`);
  const address = String(request["Address"] || all.find((each) => !taken.includes(each)) || "");
  if (!all.includes(address)) throw new Error("no available addresses on this pool");
  if (taken.includes(address)) throw new Error("Address already in use");
  save({ ...state, [pool]: [...taken, address] });
  return { Address: `${address}/24`, Data: {} };
};

const releaseAddress: Handler = (request) => {
  const state = load();
  const { pool, taken } = addressesOf(state, request);
  save({ ...state, [pool]: taken.filter((address) => address !== request["Address"]) });
  return {};
};

/** This kind of plug-in says no in a field of another name. */
function refusing(handler: Handler): Handler {
  return async (request) => {
    try {
      return await handler(request);
    } catch (error) {
      return { Error: error instanceof Error ? error.message : String(error) };
    }
  };
}

await servePlugin(socketPath, ["IpamDriver"], {
  "IpamDriver.GetCapabilities": () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
  "IpamDriver.GetDefaultAddressSpaces": () => ({
    LocalDefaultAddressSpace: "local",
    GlobalDefaultAddressSpace: "global",
  }),
  "IpamDriver.RequestPool": refusing(requestPool),
  "IpamDriver.ReleasePool": refusing(releasePool),
  "IpamDriver.RequestAddress": refusing(requestAddress),
  "IpamDriver.ReleaseAddress": refusing(releaseAddress),
});
process.stdout.write("ready\n");
