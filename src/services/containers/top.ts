import { conflict, internal, messageOf } from "../../base/errors.ts";
import { type ChildExit, run } from "../../os/linux/spawn.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { ContainerTopResponse } from "../../spec/engine-api/mod.ts";
import { notRunning } from "./errors.ts";
import { type ContainerParts, currentRecord, isRunning, publishContainerEvent } from "./parts.ts";

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * The container's processes as the host's `ps` shows them with `psArgs` (split at blanks, no quoting; empty for `-ef`).
 * Errors: conflict (not running), invalidArgument (arguments), internal (`ps` fails or is missing).
 */
export async function listProcesses(
  parts: ContainerParts,
  id: string,
  psArgs: string,
): Promise<ContainerTopResponse> {
  const args = psArgs === "" ? "-ef" : psArgs;
  checkArguments(args);
  const record = currentRecord(parts, id);
  if (record.state.status === "restarting") {
    throw conflict(`Container ${id} is restarting, wait until the container is running`);
  }
  const task = parts.live.task(id);
  if (!task || !isRunning(record)) throw notRunning(id);
  const pids = new Set(await task.pids());
  const processes = parseProcessTable(await runPs(args.split(" "), pids), pids);
  publishContainerEvent(parts, record, "top");
  return processes;
}

/** Refuses a column that another one's title disguises as the pid: rows are chosen by it. */
function checkArguments(args: string): void {
  for (const [, column = "", title = ""] of args.matchAll(/\s+(\w*)=\s*(PID\b)/g)) {
    if (column !== "pid") throw internal(`specifying "${column}=${title}" is not allowed`);
  }
}

async function runPs(args: readonly string[], pids: ReadonlySet<number>): Promise<string> {
  const chosen = await tryPs([...args, `-q${[...pids].join(",")}`]);
  if (chosen.code === 0) return chosen.stdout.toString();
  // Some options (`f` among them) cannot be used together with a list of processes.
  const all = await tryPs(args);
  if (all.code === 0) return all.stdout.toString();
  const [reason] = all.stderr.toString().split("\n");
  throw internal(`ps: ${reason || `exit status ${all.code ?? all.signal}`}`);
}

async function tryPs(args: readonly string[]): Promise<ChildExit> {
  try {
    return await run({
      command: "ps",
      args,
      stdout: "collect",
      stderr: "collect",
      maxOutputBytes: MAX_OUTPUT_BYTES,
      timeoutMs: TIMEOUT_MS,
    });
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw internal(`ps: ${messageOf(error)}`, { cause: error });
    throw internal(`ps: exec: "ps": executable file not found in $PATH`, {
      cause: error,
      hint: "Install the host's procps package.",
    });
  }
}

/**
 * Titles and the rows of `pids` in what ps printed. Rows of threads (`-` for a pid) belong to the process before them.
 * Errors: internal with docker's texts.
 */
export function parseProcessTable(output: string, pids: ReadonlySet<number>): ContainerTopResponse {
  const [head = "", ...lines] = output.split("\n");
  const titles = fieldsOf(head);
  const pidColumn = titles.indexOf("PID");
  if (pidColumn < 0) throw internal("Couldn't find PID field in ps output");
  const processes: string[][] = [];
  let belongs = false;
  for (const line of lines) {
    const fields = fieldsOf(line);
    if (fields.length === 0) continue;
    const text = fields[pidColumn] ?? "";
    if (text !== "-") {
      if (!/^\d+$/.test(text)) throw internal(`Unexpected pid '${text}': invalid syntax`);
      belongs = pids.has(Number(text));
    }
    if (belongs) processes.push(joinOverhang(fields, titles.length));
  }
  return { Titles: titles, Processes: processes };
}

/** The last column takes what is left: a command with its arguments. */
function joinOverhang(fields: readonly string[], columns: number): string[] {
  return [...fields.slice(0, columns - 1), fields.slice(columns - 1).join(" ")];
}

function fieldsOf(line: string): string[] {
  return line.split(/[\t\n\f\r ]+/).filter((field) => field !== "");
}
