import { expect, test } from "bun:test";
import { lastMessage, runtimeError } from "./runtime-errors.ts";

const CREATE = "failed to create task for container: failed to create shim task: OCI runtime create failed: ";
const INIT = "runc create failed: unable to start container process: error during container init: ";

const CREATE_CASES: ReadonlyArray<readonly [output: string, text: string, kind: string]> = [
  [
    "executable file `foo` not found in $PATH: No such file or directory\n",
    `${INIT}exec: "foo": executable file not found in $PATH`,
    "invalidArgument",
  ],
  [
    "executable file `/x` not found in $PATH: No such file or directory\n",
    `${INIT}exec: "/x": stat /x: no such file or directory`,
    "invalidArgument",
  ],
  ["open executable: Permission denied\n", `${INIT}exec: "prog": permission denied`, "invalidArgument"],
  ["open executable: Operation not permitted\n", `${INIT}exec: "prog": is a directory`, "invalidArgument"],
  ["exec container process `/a`: Exec format error", `${INIT}exec /a: exec format error`, "invalidArgument"],
  [
    'time="x" level=error msg="runc create failed: no \\"luck\\""\n',
    'runc create failed: no "luck"',
    "internal",
  ],
  [
    "the sysctl `kernel.shmmax` requires a new IPC namespace\n",
    'runc create failed: sysctl "kernel.shmmax" is not allowed in the hosts ipc namespace',
    "internal",
  ],
  [
    "the sysctl `kernel.pid_max` is not namespaced",
    'runc create failed: sysctl "kernel.pid_max" is not in a separate kernel namespace',
    "internal",
  ],
  [
    "open /proc/sys/net/nosuch: No such file or directory",
    `${INIT}open /proc/sys/net/nosuch: no such file or directory`,
    "invalidArgument",
  ],
  [
    "write to /proc/self/oom_score_adj: Permission denied",
    `${INIT}write /proc/self/oom_score_adj: permission denied`,
    "invalidArgument",
  ],
  [
    "write file `/proc/thread-self/attr/exec`: No such file or directory",
    `${INIT}unable to apply apparmor profile: apparmor failed to apply profile: write /proc/thread-self/attr/apparmor/exec: no such file or directory`,
    "invalidArgument",
  ],
  ["first\nlast\n", "last", "internal"],
  ["", "the runtime gave no reason", "internal"],
];

for (const [output, text, kind] of CREATE_CASES) {
  test(`create: ${JSON.stringify(output)}`, () => {
    const error = runtimeError("create", output, "prog");
    expect([error.message, error.kind]).toEqual([`${CREATE}${text}: unknown`, kind as typeof error.kind]);
  });
}

test("docker guesses what is wrong where something is no directory, but not for an exec", () => {
  const guess =
    ": Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type";
  const output = "chdir `/etc/passwd`: Not a directory\n";
  const reason = 'chdir to cwd ("/etc/passwd") set in config.json failed: not a directory: unknown';
  expect(runtimeError("create", output, "prog").message).toBe(`${CREATE}${INIT}${reason}${guess}`);
  expect(runtimeError("exec", output, "prog").message).toEndWith(reason);
});

test("runc's own words about a program stay as they are", () => {
  const message =
    'runc create failed: unable to start container process: exec: "foo": executable file not found in $PATH';
  const error = runtimeError("create", `time="x" level=error msg=${JSON.stringify(message)}`, "foo");
  expect(error.message).toBe(`${CREATE}${message}: unknown`);
});

test("an exec's failure has its own frame", () => {
  const error = runtimeError(
    "exec",
    "executable file `foo` not found in $PATH: No such file or directory",
    "foo",
  );
  expect(error.message).toBe(
    'OCI runtime exec failed: exec failed: unable to start container process: exec: "foo": executable file not found in $PATH: unknown',
  );
});

test("messages are found in JSON and text logs", () => {
  expect(lastMessage('{"level":"error","msg":"bad","time":"x"}\n')).toBe("bad");
  expect(lastMessage("{not json")).toBe("{not json");
});
