/**
 * Puts the engine beside whatever peers this machine has.
 *
 *   npm run bench -- [run] [--runs N] [--only PEER,…] [--case NAME,…] [--json] [--write PAGE]
 *
 * Needs root. Runs in a network and a mount namespace of its own, so that bridges, firewall rules and mounts of every
 * peer are gone at the end.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { TimedCase } from "./cases/case.ts";
import { remove, removeRunning, stop } from "./cases/end.ts";
import { execTrue } from "./cases/exec.ts";
import { imageCases, makeImageFacilities, pullResponsiveness } from "./cases/images.ts";
import { listByApi, listByCommand, listVolumesByApi, listVolumesByCommand } from "./cases/list.ts";
import { type MemoryAtRest, measureMemory } from "./cases/memory.ts";
import { askNames, betweenContainers, throughPort } from "./cases/network.ts";
import { attach, readLogs } from "./cases/output.ts";
import type { Responsiveness } from "./cases/responsiveness.ts";
import { runDefaultNetwork, runNoNetwork } from "./cases/run.ts";
import { startMany } from "./cases/start-many.ts";
import { measureUnpack, UNPACK } from "./cases/unpack.ts";
import { version } from "./cases/version.ts";
import { prepareCgroups, trackCgroups } from "./cgroups.ts";
import { measureInterleaved, type Outcome } from "./measure.ts";
import { crun } from "./peers/crun.ts";
import { dockerd } from "./peers/dockerd.ts";
import { gantry, gantryCli, gantryErofs } from "./peers/gantry.ts";
import type { Peer, RunningPeer } from "./peers/peer.ts";
import { podman } from "./peers/podman.ts";
import { runOrThrow } from "./peers/process.ts";
import { describeMachine, formatReport, type Report, replaceMeasured } from "./report.ts";
import { makeWorkspace } from "./workspace.ts";

const PEERS: readonly Peer[] = [gantry, gantryErofs, gantryCli, dockerd, podman, crun];
const CASES: readonly TimedCase[] = [
  runDefaultNetwork,
  runNoNetwork,
  execTrue,
  stop,
  remove,
  removeRunning,
  startMany,
  attach,
  readLogs,
  betweenContainers,
  throughPort,
  askNames,
  listByApi,
  listByCommand,
  listVolumesByApi,
  listVolumesByCommand,
  version,
];
const INSIDE = "GANTRY_BENCH_INSIDE";

/** Starts this program again in namespaces of its own and hands on its exit code. */
function reenterIsolated(): never {
  const unshare = [
    "--net",
    "--mount",
    "--propagation",
    "private",
    "--",
    process.execPath,
    ...process.argv.slice(1),
  ];
  const { status } = spawnSync("unshare", unshare, {
    stdio: "inherit",
    env: { ...process.env, [INSIDE]: "1" },
  });
  process.exit(status ?? 1);
}

async function measure(
  peers: readonly Peer[],
  isWanted: (name: string) => boolean,
  runs: number,
): Promise<Report> {
  const found: Record<string, string> = {};
  const times: Record<string, Record<string, Outcome>> = {};
  const memory: Record<string, MemoryAtRest> = {};
  let responsiveness: Record<string, Responsiveness> = {};

  runOrThrow(["ip", "link", "set", "lo", "up"]);
  prepareCgroups();
  using _cgroups = trackCgroups();
  using workspace = makeWorkspace();
  await using stack = new AsyncDisposableStack();
  const running = new Map<string, RunningPeer>();
  for (const peer of peers) {
    const look = peer.find();
    found[peer.name] = "missing" in look ? look.missing : look.version;
    if (!("missing" in look)) running.set(peer.name, stack.use(await peer.start(workspace)));
  }
  const facilities = stack.use(makeImageFacilities());
  for (const timed of [...CASES, ...imageCases(facilities)].filter(({ name }) => isWanted(name))) {
    times[timed.name] = Object.fromEntries(await measureInterleaved(timed, running, runs));
  }
  if (isWanted(UNPACK)) times[UNPACK] = await measureUnpack(runs);
  if (isWanted("ping")) responsiveness = await pullResponsiveness(facilities, running);
  for (const [name, peer] of running) if (peer.monitorProcesses) memory[name] = measureMemory(peer);
  return { machine: describeMachine(), peers: found, runs, times, memory, responsiveness };
}

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "20" },
    only: { type: "string" },
    case: { type: "string" },
    json: { type: "boolean", default: false },
    write: { type: "string" },
  },
});

if (process.getuid?.() !== 0) {
  console.error("bench: needs root, since every peer does");
  process.exit(1);
}
if (!process.env[INSIDE]) reenterIsolated();

const only = values.only?.split(",");
const chosen = PEERS.filter((peer) => !only || only.includes(peer.name));
const names = values.case?.split(",");
const isWanted = (name: string) => !names || names.includes(name);
const report = await measure(chosen, isWanted, Number(values.runs));
const markdown = formatReport(report, gantry.name);
console.log(values.json ? JSON.stringify(report, undefined, 2) : markdown);
if (values.write) writeFileSync(values.write, replaceMeasured(readFileSync(values.write, "utf8"), markdown));
