import { copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { firewallTableName } from "../../src/drivers/firewall-nftables/mod.ts";
import {
  SqliteContainerStore,
  SqliteImageStore,
  SqliteLeaseStore,
  SqliteNetworkStore,
  SqliteSnapshotRows,
  SqliteVolumeStore,
  StateDatabase,
} from "../../src/state/mod.ts";
import type { TestEngine } from "../fixtures/engine.ts";
import { containerTraces } from "../fixtures/engine-traces.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";

/** Everything that an engine has on the machine, on its disk and in its database, as one line each. */
export type Residue = ReadonlySet<string>;

const SNAPSHOT_DRIVER = "overlay2";
const SETTLE_TIMEOUT_MS = 3_000;
const POLL_MS = 20;
/** Clearing a container takes some 20 ms. */
const QUIET_MS = 150;

/** Folders whose entries stand for one thing each: what is in them is not looked at. */
const WHOLE_THINGS = [
  /^data\/containers\/./,
  /^data\/volumes\/./,
  /^data\/content\/ingest\/./,
  /^data\/snapshots\/[^/]+\/(?:snapshots|trash)\/./,
  /^run\/(?:bundles|rootfs|netns)\/./,
];
const TRASH = /\/trash\/./;
const OWN_FILES = /^data\/(?:gantry\.db|engine-id)/;
const SNAPSHOT_FOLDER = /^data\/snapshots\/[^/]+\/snapshots\/(\d+)$/;

function filesBelow(engine: TestEngine, directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    const name = relative(engine.directory, path);
    if (OWN_FILES.test(name)) return [];
    if (!entry.isDirectory() || WHOLE_THINGS.some((thing) => thing.test(name))) return [name];
    return filesBelow(engine, path);
  });
}

/** The rows of the database, by kind and name. The engine holds the file alone, so a copy is looked at. */
function storedRows(engine: TestEngine): { readonly lines: string[]; readonly keys: Map<string, string> } {
  using temp = makeTempDir("rows");
  for (const suffix of ["", "-wal"]) {
    const source = join(engine.dataRoot, `gantry.db${suffix}`);
    if (existsSync(source)) copyFileSync(source, join(temp.path, `gantry.db${suffix}`));
  }
  using database = new StateDatabase(join(temp.path, "gantry.db"));
  const snapshots = new SqliteSnapshotRows(database, SNAPSHOT_DRIVER).list();
  const networks = new SqliteNetworkStore(database);
  const images = new SqliteImageStore(database);
  const lines = [
    ...new SqliteContainerStore(database).list().map(({ id }) => `container ${id}`),
    ...snapshots.map(({ key, phase }) => `snapshot ${key} ${phase}`),
    ...networks.listNetworks().map(({ name }) => `network ${name}`),
    ...networks.listEndpoints().map(({ id, containerId }) => `endpoint ${id} of ${containerId}`),
    ...new SqliteVolumeStore(database).list().map(({ name }) => `volume ${name}`),
    ...new SqliteLeaseStore(database).resources().map(({ kind, key }) => `lease of ${kind} ${key}`),
    ...images.list().map(({ id }) => `image ${id}`),
    ...images.listNames().map(({ name }) => `image name ${name}`),
  ];
  const keys = new Map(snapshots.map(({ directory, key }) => [String(directory), key]));
  return { lines: lines.map((line) => `row: ${line}`), keys };
}

/** A snapshot's folder by what it is for: numbers are never given out twice, keys are. */
function namedSnapshots(files: readonly string[], keys: ReadonlyMap<string, string>): string[] {
  return files.map((file) => {
    const number = SNAPSHOT_FOLDER.exec(file)?.[1];
    if (number === undefined) return `file: ${file}`;
    return `snapshot folder: ${keys.get(number) ?? `${number}, which no row names`}`;
  });
}

async function firewallLines(engine: TestEngine): Promise<string[]> {
  const id = readFileSync(join(engine.dataRoot, "engine-id"), "utf8").trim();
  const { stdout } = await runCommand(["nft", "list", "table", "inet", firewallTableName(id)]);
  return (
    stdout
      .split("\n")
      // Names follow from the engine's id and subnets from what is free: both are others after a first start.
      .map((line) => line.replace(/packets \d+ bytes \d+/, "").replaceAll(/(gantry|gt)-[0-9a-f]{8}/g, "$1"))
      .map((line) => line.replaceAll(/\d+\.\d+\.\d+\.\d+\/\d+/g, "subnet").trim())
      .filter(Boolean)
      .map((line) => `firewall: ${line}`)
  );
}

async function look(engine: TestEngine): Promise<Residue> {
  const rows = storedRows(engine);
  const files = [engine.dataRoot, engine.runRoot].flatMap((root) => filesBelow(engine, root));
  return new Set([
    ...containerTraces(engine.directory, engine.dataRoot),
    ...rows.lines,
    ...namedSnapshots(files, rows.keys),
    ...(await firewallLines(engine)),
  ]);
}

/** The engine's residue once it has nothing left to clear away in the background: two looks in a row see the same. */
export async function takeResidue(engine: TestEngine): Promise<Residue> {
  let before = await look(engine);
  for (;;) {
    await sleep(QUIET_MS);
    const residue = await look(engine);
    const isQuiet = residue.size === before.size && [...residue].every((line) => before.has(line));
    if (isQuiet && ![...residue].some((line) => TRASH.test(line))) return residue;
    before = residue;
  }
}

/** What a container that does not run has; everything else of it would be a leak. */
function restingLines(id: string): string[] {
  return [
    `row: container ${id}`,
    `row: snapshot ${id} ready`,
    `snapshot folder: ${id}`,
    `file: data/containers/${id}`,
  ];
}

/** How an engine's residue differs from an earlier one, where resting containers may have been added. */
async function residueChanges(
  engine: TestEngine,
  before: Residue,
  resting: readonly string[] = [],
): Promise<string[]> {
  const after = await look(engine);
  const expected = new Set([...before, ...resting.flatMap(restingLines)]);
  return [
    ...[...after].filter((line) => !expected.has(line)).map((line) => `left: ${line}`),
    ...[...expected].filter((line) => !after.has(line)).map((line) => `lost: ${line}`),
  ];
}

/** Resolves once the residue is as it was but for these containers. Rejects with the difference where it stays. */
export async function expectResidue(
  engine: TestEngine,
  before: Residue,
  resting: readonly string[] = [],
): Promise<void> {
  const untilMs = Date.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const changes = await residueChanges(engine, before, resting);
    if (changes.length === 0) return;
    if (Date.now() > untilMs) throw new Error(`the engine's residue changed:\n  ${changes.join("\n  ")}`);
    // What the engine does in the background has no event that could be seen from outside.
    await sleep(POLL_MS);
  }
}
