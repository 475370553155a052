import { describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TEST_IMAGE, useEngine } from "./harness.ts";

/** Cases that docker's own suite for its command line holds against an engine. */
describe("containers as docker has them", () => {
  const harness = useEngine();
  const docker = (...args: string[]) => harness.docker(args);
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await docker(...args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout;
  };
  const remove = (...names: string[]) => out("rm", "-f", ...names);

  test("the working directory is there from the start", async () => {
    await out("create", "--name", "placed", "-w", "/home/of/nobody", TEST_IMAGE);
    const directory = await mkdtemp(join(tmpdir(), "gantry-cp-"));
    await out("cp", "placed:/home/of/nobody", directory);
    expect(await out("diff", "placed")).toContain("A /home/of/nobody\n");
    await remove("placed");
    await rm(directory, { recursive: true });
    const { code, stderr } = await docker("create", "-w", "/bin/busybox", TEST_IMAGE);
    expect(code).toBe(1);
    expect(stderr).toContain("Cannot mkdir: /bin/busybox is not a directory");
  });

  test("the engine's files can be copied out of a container that has ended", async () => {
    const hostname = "box.example.org";
    await out("run", "--name", "ended", "-h", hostname, TEST_IMAGE, "true");
    const directory = await mkdtemp(join(tmpdir(), "gantry-cp-"));
    for (const name of ["hosts", "hostname", "resolv.conf"]) await out("cp", `ended:/etc/${name}`, directory);
    expect(await readFile(join(directory, "hostname"), "utf8")).toBe(`${hostname}\n`);
    expect(await readFile(join(directory, "resolv.conf"), "utf8")).toContain("nameserver ");
    // The full name and the bare one, though all of it was given as the host name.
    expect(await readFile(join(directory, "hosts"), "utf8")).toEndWith(`\t${hostname} box\n`);
    await rm(directory, { recursive: true });
    await remove("ended");
  });

  test("a new owner of /etc is a change, and in the image that is made of it", async () => {
    await out("run", "--name", "owner", "--network", "none", TEST_IMAGE, "chown", "12:34", "/etc");
    expect(await out("diff", "owner")).toBe("C /etc\n");
    await out("commit", "owner", "test/owned");
    const owner = ["stat", "-c", "%u:%g", "/etc"];
    expect(await out("run", "--rm", "--network", "none", "test/owned", ...owner)).toBe("12:34\n");
    await remove("owner");
    await out("rmi", "test/owned");
  });

  test("a container that waits for its restart can be killed", async () => {
    await out(
      "run",
      "-d",
      "--name",
      "failing",
      "--restart",
      "always",
      "--network",
      "none",
      TEST_IMAGE,
      "false",
    );
    const status = () => out("inspect", "-f", "{{.State.Status}}", "failing");
    while ((await status()) !== "restarting\n");
    expect(await out("kill", "failing")).toBe("failing\n");
    expect(await status()).toBe("exited\n");
    const { stderr } = await docker("kill", "failing");
    expect(stderr).toMatch(
      /^Error response from daemon: cannot kill container: failing: container [0-9a-f]{64} is not running\n$/,
    );
    await remove("failing");
  });

  test("a lack of memory that the container outlives is told when it happens", async () => {
    const eat = "tail /dev/zero; mkdir /survived; exec sleep 99";
    await out("run", "-d", "--name", "greedy", "-m", "16m", "--network", "none", TEST_IMAGE, "sh", "-c", eat);
    while ((await docker("exec", "greedy", "ls", "/survived")).code !== 0);
    expect(await out("inspect", "-f", "{{.State.OOMKilled}} {{.State.Status}}", "greedy")).toBe(
      "true running\n",
    );
    await out("kill", "greedy");
    const told = ["--until", String(Date.now() / 1000), "-f", "container=greedy", "-f", "event=oom"];
    expect(await out("events", ...told, "--format", "{{.Action}}")).toBe("oom\n");
    await remove("greedy");
  });

  test("an exec that was not started goes with the container's processes", async () => {
    await out("run", "-d", "--name", "worker", "--network", "none", TEST_IMAGE, "sleep", "99");
    const { Id: id } = (await post("/containers/worker/exec", { Cmd: ["true"] })).body as { Id: string };
    await out("restart", "-t", "0", "worker");
    const { status, body } = await post(`/exec/${id}/start`, { Detach: true });
    expect([status, body]).toEqual([404, { message: `No such exec instance: ${id}` }]);
    await remove("worker");
  });

  test("events up to a moment, without one to begin at, are those that were", async () => {
    const id = (await out("create", "--name", "told", TEST_IMAGE)).trim();
    await out("rename", "told", "told-otherwise");
    const told = async (filter: string) =>
      await out("events", "--until", String(Date.now() / 1000), "-f", filter, "--format", "{{.Action}}");
    expect(await told(`container=${id}`)).toBe("create\nrename\n");
    // Names by how they begin, as ids.
    expect(await told("container=told-other")).toBe("rename\n");
    await remove("told-otherwise");
  });

  test("links lead to no container of the host's network; on a network with names also to who is not there yet", async () => {
    await out("create", "--name", "hosted", "--network", "host", TEST_IMAGE);
    const refused = await docker("create", "--link", "hosted", TEST_IMAGE);
    expect(refused.stderr).toContain("conflicting options: host type networking can't be used with links.");
    await out("network", "create", "named");
    await out("create", "--name", "early", "--network", "named", "--link", "late:soon", TEST_IMAGE);
    await remove("hosted", "early");
    await out("network", "rm", "named");
  });

  test("a network can be joined through one that joined it, not by its own container", async () => {
    await out("run", "-d", "--name", "one", "--network", "none", "-h", "shared", TEST_IMAGE, "sleep", "99");
    await out("run", "-d", "--name", "two", "--network", "container:one", TEST_IMAGE, "sleep", "99");
    const hostname = await out(
      "run",
      "--rm",
      "--network",
      "container:two",
      TEST_IMAGE,
      "cat",
      "/etc/hostname",
    );
    expect(hostname).toBe("shared\n");
    const own = await docker("run", "--rm", "--name", "me", "--network", "container:me", TEST_IMAGE);
    expect(own.stderr).toContain("cannot join own network namespace");
    await out("kill", "two");
    const ended = await docker("run", "--rm", "--network", "container:two", TEST_IMAGE);
    expect(ended.stderr).toContain(
      "cannot join network namespace of a non running container: container two is exited",
    );
    await remove("one", "two");
  });

  test("filters by port look at ports of containers that run", async () => {
    const run = (name: string, ...flags: string[]) =>
      out("run", "-d", "--name", name, ...flags, TEST_IMAGE, "sleep", "99");
    await run("published", "-p", "127.0.0.1:18290:90");
    await run("exposed", "--expose", "8080");
    const found = (filter: string) => out("ps", "-a", "--format", "{{.Names}}", "-f", filter);
    expect(await found("publish=18290")).toBe("published\n");
    expect(await found("publish=90")).toBe("");
    expect(await found("expose=90")).toBe("published\n");
    expect(await found("expose=8000-8080/tcp")).toBe("exposed\n");
    expect(await found("expose=8080/udp")).toBe("");
    const wrong = await docker("ps", "-f", "publish=127.0.0.1:80");
    expect(wrong.stderr).toContain("filter for 'publish' should not contain ':': 127.0.0.1:80");
    await remove("published", "exposed");
    expect(await found("expose=8080")).toBe("");
  });

  test("a port that is named is not taken by one that may be any", async () => {
    const first = await out("run", "-d", "--name", "any", "-p", "80", TEST_IMAGE, "sleep", "99");
    const port = '{{(index .NetworkSettings.Ports "80/tcp" 0).HostPort}}';
    const next = String(Number(await out("inspect", "-f", port, first.trim())) + 1);
    await out("run", "-d", "--name", "both", "-p", "80", "-p", `${next}:8080`, TEST_IMAGE, "sleep", "99");
    expect(await out("port", "both", "8080/tcp")).toContain(`0.0.0.0:${next}\n`);
    await remove("any", "both");
  });

  test("requests that name no kind of body, no method of docker's, no connection to be upgraded", async () => {
    expect((await ask("OPTIONS", "/")).status).toBe(200);
    expect((await ask("OPTIONS", "/v1.44/containers/json")).status).toBe(200);
    const strange = await ask("POST", "/containers/create", { "Content-Type": "" }, '{"Image":"x"}');
    expect([strange.status, strange.body]).toEqual([
      400,
      { message: "malformed Content-Type header (): mime: no media type" },
    ]);
    const empty = await post("/containers/create", { HostConfig: {} });
    expect(empty.body).toEqual({ message: "config cannot be empty in order to create a container" });
    expect((await post("/containers/create", { Image: "" })).body).toEqual({
      message: "no command specified",
    });
    await out("run", "-d", "-i", "--name", "echo", "--network", "none", TEST_IMAGE, "cat");
    expect(await upgradeAlone("/containers/echo/attach?stream=1&stdin=1&stdout=1")).toStartWith(
      "HTTP/1.1 101 UPGRADED\r\n",
    );
    await remove("echo");
  });

  async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
    const answer = await fetch(`http://docker${path}`, {
      unix: harness.engine.socketPath,
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
  }

  const post = (path: string, body: object) =>
    ask("POST", path, { "Content-Type": "application/json" }, JSON.stringify(body));

  /** The beginning of the answer to a client that says what it wants to speak and not that it wants to. */
  async function upgradeAlone(path: string): Promise<string> {
    const socket = connect(harness.engine.socketPath);
    socket.write(`POST ${path} HTTP/1.1\r\nHost: docker\r\nUpgrade: tcp\r\n\r\n`);
    try {
      for await (const chunk of socket) return String(chunk);
      return "";
    } finally {
      socket.destroy();
    }
  }
});
