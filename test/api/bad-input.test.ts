import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { commandLines, dockerCli } from "../fixtures/docker-cli.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const HELP = "\n\nRun 'docker run --help' for more information\n";
const CREATE_FAILED =
  "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: " +
  "unable to start container process: error during container init: ";

describe.each(commandLines)("bad input, %s", (_name, program) => {
  const harness = useEngine({}, program);
  const run = (...args: string[]) => harness.docker(["run", "--rm", "--network", "none", ...args]);
  const refused = (message: string, code = 125) => ({
    stdout: "",
    stderr: `docker: Error response from daemon: ${message}${HELP}`,
    code,
  });

  test("an image that nobody has", async () => {
    const { stdout, stderr, code } = await run("127.0.0.1:1/nobody/has:this", "true");
    expect([code, stdout]).toEqual([125, ""]);
    expect(stderr).toStartWith(
      "Unable to find image '127.0.0.1:1/nobody/has:this' locally\n" +
        'docker: Error response from daemon: Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
    );
  });

  test("an image that may not be pulled", async () => {
    expect(await run("--pull", "never", "no-such-image", "true")).toEqual(
      refused("No such image: no-such-image:latest"),
    );
  });

  test("a name that no image can have", async () => {
    expect(await run("UPPER", "true")).toEqual({
      stdout: "",
      stderr: `docker: invalid reference format: repository name (library/UPPER) must be lowercase${HELP}`,
      code: 125,
    });
  });

  test.each([
    ["no-such-program", 'exec: "no-such-program": executable file not found in $PATH: unknown', 127],
    ["/no/such", 'exec: "/no/such": stat /no/such: no such file or directory: unknown', 127],
    ["/etc/passwd", 'exec: "/etc/passwd": permission denied: unknown', 126],
    ["/etc", 'exec: "/etc": is a directory: unknown', 126],
  ])("the command %s", async (command, reason, code) => {
    expect(await run(TEST_IMAGE, command)).toEqual(refused(CREATE_FAILED + reason, code));
  });

  test("a name that is taken", async () => {
    const { docker } = harness;
    const holder = (await docker(["create", "--name", "taken", TEST_IMAGE])).stdout.trim();
    const message =
      `Conflict. The container name "/taken" is already in use by container "${holder}". ` +
      "You have to remove (or rename) that container to be able to reuse that name.";
    expect(await run("--name", "taken", TEST_IMAGE)).toEqual(refused(message));
    const answer = await post("/containers/create?name=taken", { Image: TEST_IMAGE });
    expect([answer.status, await answer.json()]).toEqual([409, { message }]);
    await docker(["rm", "taken"]);
  });

  test.each([
    [["--name", "a b"], "Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"],
    [["-u", "nobody-here"], "unable to find user nobody-here: no matching entries in passwd file"],
    [["-w", "relative"], "the working directory 'relative' is invalid, it needs to be an absolute path"],
    [["-v", "/a:/b:zz"], "invalid mode: zz"],
    [
      ["-v", "/a:b"],
      `invalid volume specification: '/a:b': invalid mount config for type "bind": invalid mount path: 'b' mount path must be absolute`,
    ],
    [
      ["-v", "/a:/"],
      `invalid volume specification: '/a:/': invalid mount config for type "bind": invalid specification: destination can't be '/'`,
    ],
    [
      ["-v", "a/b:/c"],
      'create a/b: "a/b" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
    ],
    [["--tmpfs", "/t:foo"], 'invalid tmpfs option ["foo"]'],
    [["-m", "1m"], "Minimum memory limit allowed is 6MB"],
    [
      ["-m", "100m", "--memory-swap", "50m"],
      "Minimum memoryswap limit should be larger than memory limit, see usage",
    ],
    [["--cap-add", "NOSUCH"], 'invalid CapAdd: unknown capability: "CAP_NOSUCH"'],
    [["--ipc", "foo"], "invalid IPC mode: foo"],
    [["--stop-signal", "FOO"], "invalid signal: FOO"],
    [["--runtime", "nosuch"], "unknown or invalid runtime name: nosuch"],
    [["--pid", "container:nosuch"], "No such container: nosuch"],
    [["--oom-score-adj", "5000"], "Invalid value 5000, range for oom score adj is [-1000, 1000]"],
  ])("run %p", async (flags, message) => {
    expect(await run(...flags, TEST_IMAGE, "true")).toEqual(refused(message));
  });

  test.each([
    [["-v", "/a:/b:ro:rw"], "invalid spec: /a:/b:ro:rw: too many colons"],
    [["-p", "99999:80"], "invalid hostPort: 99999"],
    [["-p", "abc"], "invalid containerPort: abc"],
    [["-p", "1.2.3:80:80"], "invalid IP address: 1.2.3"],
  ])("the client refuses %p", async (flags, message) => {
    const { code, stderr } = await run(...flags, TEST_IMAGE, "true");
    expect([code, stderr.split("\n")[0]]).toEqual([125, `docker: ${message}`]);
  });

  test.each(["99999", "x"])("the engine refuses the host port %s too", async (HostPort) => {
    const answer = await post("/containers/create", {
      Image: TEST_IMAGE,
      HostConfig: { PortBindings: { "80/tcp": [{ HostPort }] } },
    });
    const { message } = (await answer.json()) as { message: string };
    expect(answer.status).toBe(400);
    expect(message).toMatch(/invalid port specification|invalid port range|Invalid port/i);
  });

  test("a flag that is none", async () => {
    expect(await run("--no-such-flag", TEST_IMAGE)).toEqual({
      stdout: "",
      stderr:
        "unknown flag: --no-such-flag\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'docker run --help' for more information\n",
      code: 125,
    });
  });

  test.each([
    [["exec", "nosuch", "true"], 1],
    [["stop", "nosuch"], 1],
    [["start", "nosuch"], 1],
    [["rm", "nosuch"], 1],
    [["wait", "nosuch"], 1],
    [["logs", "nosuch"], 1],
    [["top", "nosuch"], 1],
    [["rename", "nosuch", "x"], 1],
  ])("docker %p", async (args, code) => {
    const result = await harness.docker(args);
    expect([result.code, result.stderr]).toEqual([
      code,
      expect.stringMatching(/^Error response from daemon: No such container: nosuch\n/),
    ]);
  });

  test("an engine that is not running", async () => {
    const path = join(harness.engine.directory, "nobody.sock");
    const docker = dockerCli(`unix://${path}`, join(harness.engine.directory, "docker-config"));
    const { code, stderr } = await docker(["ps"]);
    expect([code, stderr]).toEqual([
      1,
      `Cannot connect to the Docker daemon at unix://${path}. Is the docker daemon running?\n`,
    ]);
  });

  test.each([
    ["{", "invalid JSON: unexpected EOF"],
    ["[]", "invalid JSON: json: cannot unmarshal array into Go value of type CreateRequest"],
    ['{"Cmd":1}', "invalid JSON: "],
    ["nonsense", "invalid JSON: "],
  ])("the body %s", async (body, message) => {
    const answer = await post("/containers/create", body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(((await answer.json()) as { message: string }).message).toStartWith(message);
  });

  test("nothing was left by all that", async () => {
    expect((await harness.docker(["ps", "-aq"])).stdout).toBe("");
    expect((await harness.docker(["volume", "ls", "-q"])).stdout).toBe("");
  });

  function post(path: string, body: unknown): Promise<Response> {
    return fetch(`http://engine/v1.50${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
      unix: harness.engine.socketPath,
    });
  }
});
