import { chmod, chown, link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { conflict } from "../../base/errors.ts";

/** Owner and group may connect. */
const SOCKET_MODE = 0o660;

/**
 * Makes `server` listen on a socket file that belongs to root and the given group. A socket that no daemon serves any
 * more is replaced. Afterwards no other daemon can take the path until the result is disposed, which removes the
 * socket too; a crash leaves both files behind, and the next start replaces them.
 * Errors: conflict where another daemon serves the path.
 */
export async function listenOnUnixSocket(
  server: Server,
  path: string,
  groupId: number | undefined,
): Promise<AsyncDisposable> {
  await mkdir(dirname(path), { recursive: true });
  const lock = await lockPath(path);
  try {
    await removeStaleSocket(path);
    // The mode of the file is the mask's until chmod: nobody else may connect in between.
    const mask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(path, () => {
          server.off("error", reject);
          resolve();
        });
      });
    } finally {
      process.umask(mask);
    }
    if (groupId !== undefined) await chown(path, 0, groupId);
    await chmod(path, SOCKET_MODE);
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await rm(path, { force: true });
      await lock[Symbol.asyncDispose]();
    },
  };
}

/** The lock is a file that says which process holds it; a process that is gone does not count. */
async function lockPath(path: string): Promise<AsyncDisposable> {
  const lockFile = `${path}.lock`;
  const own = `${lockFile}.${process.pid}`;
  await writeFile(own, `${process.pid} ${await startTicksOf(process.pid)}\n`, { mode: 0o600 });
  try {
    for (;;) {
      try {
        // A link appears whole: nobody ever reads a lock without its holder in it.
        await link(own, lockFile);
        return { [Symbol.asyncDispose]: () => rm(lockFile, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const holder = await readHolder(lockFile);
      if (holder !== undefined) {
        throw conflict(`can't create unix socket ${path}: is in use by process ${holder}`);
      }
      await rm(lockFile, { force: true });
    }
  } finally {
    await rm(own, { force: true });
  }
}

/** Pid of the living process that holds a lock. */
async function readHolder(lockFile: string): Promise<number | undefined> {
  const [pid, startTicks] = (await readFile(lockFile, "utf8").catch(() => "")).trim().split(" ");
  if (!pid || !startTicks) return undefined;
  return (await startTicksOf(Number(pid))) === startTicks ? Number(pid) : undefined;
}

/** When a process started, in clock ticks since boot: tells it from a later one with the same pid. Source: proc_pid_stat(5), field 22. */
async function startTicksOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

async function removeStaleSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return;
  if (!found.isSocket()) throw conflict(`can't create unix socket ${path}: is a file of another kind`);
  if (await isServed(path)) throw conflict(`can't create unix socket ${path}: is in use by another daemon`);
  await rm(path, { force: true });
}

/** Whether somebody accepts connections on a socket file. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}

/** Id of the first of these groups that the machine has. */
export async function findGroup(names: readonly string[]): Promise<number | undefined> {
  const groups = new Map<string, number>();
  for (const line of (await readFile("/etc/group", "utf8").catch(() => "")).split("\n")) {
    const [name, , id] = line.split(":");
    if (name !== undefined && id !== undefined) groups.set(name, Number(id));
  }
  for (const name of names) {
    const id = groups.get(name);
    if (id !== undefined) return id;
  }
  return undefined;
}
