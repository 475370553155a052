import { type EngineError, type EngineErrorOptions, internal, invalidArgument } from "../../base/errors.ts";

/** What the runtime was asked to do when it failed. */
export type RuntimePhase = "create" | "start" | "exec";

const PREFIX: Readonly<Record<RuntimePhase, string>> = {
  create: "failed to create task for container: failed to create shim task: OCI runtime create failed: ",
  start: "OCI runtime start failed: ",
  exec: "OCI runtime exec failed: ",
};

/** What runc says before the reason that the user's program did not run. */
const INIT_FAILED: Readonly<Record<RuntimePhase, string>> = {
  create: "runc create failed: unable to start container process: error during container init: ",
  start: "unable to start container process: error during container init: ",
  exec: "exec failed: unable to start container process: ",
};

/** The message in a line of a runtime's log; the line itself where it is plain text. */
function messageOfLine(line: string): string {
  if (line.startsWith("{")) {
    try {
      const entry: unknown = JSON.parse(line);
      if (entry !== null && typeof entry === "object" && "msg" in entry) return String(entry.msg);
    } catch {
      // A program's own words may begin with a brace.
    }
    return line;
  }
  const quoted = /\bmsg=("(?:[^"\\]|\\.)*")/.exec(line);
  if (!quoted) return line;
  try {
    return String(JSON.parse(quoted[1]!));
  } catch {
    // Go's quoting knows escapes that JSON does not; the raw text still tells what happened.
    return quoted[1]!.slice(1, -1);
  }
}

/** The last thing that a runtime said. */
export function lastMessage(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return messageOfLine(lines.at(-1) ?? "").trim();
}

/** The reason in runc's words where crun said that the program cannot be run; undefined for anything else. */
function translateCrun(message: string, program: string): string | undefined {
  const missing = /executable file [`'"]?(.*?)[`'"]? not found(?: in \$PATH)?/.exec(message);
  if (missing && !message.startsWith("runc") && !message.includes("exec: ")) {
    const name = missing[1]!;
    if (name.includes("/")) return `exec: ${JSON.stringify(name)}: stat ${name}: no such file or directory`;
    return `exec: ${JSON.stringify(name)}: executable file not found in $PATH`;
  }
  const opened = /^(?:open executable|the path [`'].*[`'] (?:exists but it is not executable)): ?(.*)$/.exec(
    message,
  );
  if (opened) {
    // crun opens the program like a file to be run; the kernel's answer for a directory is EPERM there.
    const reason = opened[1] === "Operation not permitted" ? "is a directory" : opened[1]!.toLowerCase();
    return `exec: ${JSON.stringify(program)}: ${reason}`;
  }
  const failed = /^exec(?:ve)? (?:container process )?[`'](.*?)[`']: (.*)$/.exec(message);
  if (failed) return `exec ${failed[1]}: ${failed[2]!.toLowerCase()}`;
  const cwd = /^(?:chdir|cannot chdir to) (?:to )?[`'](.*?)[`']: (.*)$/.exec(message);
  if (cwd)
    return `chdir to cwd (${JSON.stringify(cwd[1])}) set in config.json failed: ${cwd[2]!.toLowerCase()}`;
  const profile = /^write file [`']?\/proc\/[\w-]+\/attr\/(?:apparmor\/)?exec[`']?: (.*)$/.exec(message);
  if (profile) {
    return `unable to apply apparmor profile: apparmor failed to apply profile: write /proc/thread-self/attr/apparmor/exec: ${profile[1]!.toLowerCase()}`;
  }
  const setting = /^(open|write to) [`']?(\/proc\/(?:sys\/|self\/oom_score_adj).*?)[`']?: (.*)$/.exec(
    message,
  );
  if (setting) return `${setting[1]!.split(" ")[0]} ${setting[2]}: ${setting[3]!.toLowerCase()}`;
  return undefined;
}

/** What runc says of kernel settings where crun refused them; undefined for anything else. */
function translateSysctl(message: string): string | undefined {
  const shared = /^the sysctl `(.*?)` requires a new (IPC|network|UTS) namespace/.exec(message);
  if (shared) {
    return `runc create failed: sysctl ${JSON.stringify(shared[1])} is not allowed in the hosts ${shared[2]!.toLowerCase()} namespace`;
  }
  const global = /^the sysctl `(.*?)` is not namespaced/.exec(message);
  if (global) {
    return `runc create failed: sysctl ${JSON.stringify(global[1])} is not in a separate kernel namespace`;
  }
  return undefined;
}

/** Reasons that lie in what the user asked for: clients turn them into the exit codes 126 and 127. */
const USER_MISTAKE =
  /executable file not found|no such file or directory|permission denied|not a directory|is a directory|exec format error/i;

/** What docker adds to the runtime's reason for a container that was not made. */
function hintOf(phase: RuntimePhase, text: string): string {
  if (phase === "exec" || !/not a directory/i.test(text)) return "";
  return ": Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type";
}

/**
 * The error that a client sees where the runtime refused, in the words that docker with runc has for it.
 * `program`: the first word of the command, for runtimes that do not repeat it.
 */
export function runtimeError(
  phase: RuntimePhase,
  output: string,
  program: string,
  options?: EngineErrorOptions,
): EngineError {
  const message = lastMessage(output);
  const reason = translateCrun(message, program);
  const text = reason === undefined ? (translateSysctl(message) ?? message) : INIT_FAILED[phase] + reason;
  const make = USER_MISTAKE.test(text) ? invalidArgument : internal;
  const reasonText = text === "" ? "the runtime gave no reason" : text;
  return make(`${PREFIX[phase]}${reasonText}: unknown${hintOf(phase, text)}`, options);
}
