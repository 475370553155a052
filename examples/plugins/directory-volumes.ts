/** A volume driver that keeps each volume as a directory. Usage: directory-volumes.ts SOCKET ROOT */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Handler, servePlugin } from "./serve.ts";

const [socketPath, root] = process.argv.slice(2);
if (!socketPath || !root) {
  process.stderr.write("usage: directory-volumes.ts SOCKET ROOT\n");
  process.exit(2);
}
mkdirSync(root, { recursive: true });

/** Who has which volume mounted: a volume in use is not removed. */
const users = new Map<string, Set<string>>();

function nameOf(request: Readonly<Record<string, unknown>>): string {
  const name = String(request["Name"] ?? "");
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) throw new Error(`not a name for a volume: ${name}`);
  return name;
}

function existing(request: Readonly<Record<string, unknown>>): { name: string; path: string } {
  const name = nameOf(request);
  const path = join(root!, name);
  if (!existsSync(path)) throw new Error(`no such volume: ${name}`);
  return { name, path };
}

function describe(name: string): object {
  const path = join(root!, name);
  return {
    Name: name,
    Mountpoint: path,
    CreatedAt: statSync(path).birthtime.toISOString(),
    Status: { users: users.get(name)?.size ?? 0 },
  };
}

const create: Handler = (request) => {
  const options = (request["Opts"] ?? {}) as Record<string, string>;
  const unknown = Object.keys(options).find((option) => option !== "mode");
  if (unknown !== undefined) throw new Error(`unknown option: ${unknown}`);
  const mode = Number.parseInt(options["mode"] ?? "0755", 8);
  if (Number.isNaN(mode)) throw new Error(`not a mode: ${options["mode"]}`);
  const path = join(root, nameOf(request));
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return {};
};

const remove: Handler = (request) => {
  const { name, path } = existing(request);
  if (users.has(name)) throw new Error(`volume ${name} is mounted`);
  rmSync(path, { recursive: true });
  return {};
};

const mount: Handler = (request) => {
  const { name, path } = existing(request);
  users.set(name, (users.get(name) ?? new Set()).add(String(request["ID"])));
  return { Mountpoint: path };
};

const unmount: Handler = (request) => {
  const { name } = existing(request);
  const holders = users.get(name);
  holders?.delete(String(request["ID"]));
  if (holders?.size === 0) users.delete(name);
  return {};
};

await servePlugin(socketPath, ["VolumeDriver"], {
  "VolumeDriver.Capabilities": () => ({ Capabilities: { Scope: "local" } }),
  "VolumeDriver.Create": create,
  "VolumeDriver.Remove": remove,
  "VolumeDriver.Mount": mount,
  "VolumeDriver.Unmount": unmount,
  "VolumeDriver.Path": (request) => ({ Mountpoint: existing(request).path }),
  "VolumeDriver.Get": (request) => ({ Volume: describe(existing(request).name) }),
  "VolumeDriver.List": () => ({ Volumes: readdirSync(root).map(describe) }),
});
process.stdout.write("ready\n");
