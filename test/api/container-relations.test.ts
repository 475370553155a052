import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOrThrow } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe("containers and what is around them", () => {
  const harness = useEngine();
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout.trimEnd();
  };
  const start = (name: string, ...flags: string[]) =>
    out("run", "-d", "--name", name, ...flags, TEST_IMAGE, "sleep", "1000");
  const post = async (path: string, body: object) => {
    const answer = await fetch(`http://engine${path}`, {
      unix: harness.engine.socketPath,
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return await answer.text();
  };

  test("a link is a further name of its container", async () => {
    const id = await start("base");
    await start("first", "--link", "base:db");
    await out("rename", "first", "second");
    expect(await out("inspect", "-f", "{{.Id}}", "second/db")).toBe(id);
    const names = (...flags: string[]) =>
      out("ps", "--format", "{{.Names}}", "--filter", `id=${id}`, ...flags);
    expect(await names()).toBe("base");
    expect(await names("--no-trunc")).toBe("base,second/db");
    expect(await out("ps", "-q", "--no-trunc", "--filter", "name=^/second/db$")).toBe(id);
    // It is the container's, not its name's.
    await out("rename", "base", "moved");
    const hosts = async () => {
      await out("restart", "-t", "0", "second");
      return await out("exec", "second", "cat", "/etc/hosts");
    };
    expect(await hosts()).toContain("\tdb ");
    await start("base");
    await out("rm", "-f", "moved");
    expect(await hosts()).not.toContain("\tdb ");
    await out("rm", "-f", "second", "base");
  });

  test("containers whose namespaces are shared may be renamed", async () => {
    const id = await start("old", "--ipc", "shareable");
    const modes = ["--pid", "container:old", "--ipc", "container:old", "--network", "container:old"];
    await start("joined", ...modes);
    await out("rename", "old", "new");
    await out("restart", "-t", "0", "joined");
    const format = "{{.HostConfig.PidMode}} {{.HostConfig.IpcMode}} {{.HostConfig.NetworkMode}}";
    expect(await out("inspect", "-f", format, "joined")).toBe(Array(3).fill(`container:${id}`).join(" "));
    await out("rm", "-f", "joined");
    await out("stop", "-t", "0", "new");
    const { stderr } = await harness.docker(["run", "--pid", "container:new", TEST_IMAGE]);
    expect(stderr).toContain(`failed to join PID namespace: container ${id} is not running`);
    await out("rm", "new");
  });

  test("a container that is removed at its end stays over a restart", async () => {
    const id = await start("short", "--rm");
    await out("restart", "-t", "0", "short");
    expect(await out("inspect", "-f", "{{.State.Running}} {{.Id}}", "short")).toBe(`true ${id}`);
    const removed = post("/containers/short/wait?condition=removed", {});
    await out("stop", "-t", "0", "short");
    await removed;
    expect(await out("ps", "-aq", "--filter", "name=short")).toBe("");
  });

  test("a terminal has the size that an exec was made with", async () => {
    await start("sized");
    // crun sets the size beside the process's start.
    const script = "until stty size 2>/dev/null; do :; done";
    const exec = { AttachStdout: true, Tty: true, ConsoleSize: [57, 123], Cmd: ["sh", "-c", script] };
    const { Id } = JSON.parse(await post("/containers/sized/exec", exec));
    expect(await post(`/exec/${Id}/start`, { Tty: true })).toBe("57 123\r\n");
    await out("rm", "-f", "sized");
  });

  test("binds with and without what is mounted below them", async () => {
    const outer = join(harness.engine.directory, "outer");
    mkdirSync(join(outer, "inner"), { recursive: true });
    await runOrThrow(["mount", "-t", "tmpfs", "tmpfs", join(outer, "inner")]);
    try {
      writeFileSync(join(outer, "inner", "file"), "");
      const look = (flags: string[], script: string) =>
        out("run", "--rm", "--network", "none", ...flags, TEST_IMAGE, "sh", "-c", script);
      const mount = `type=bind,src=${outer},dst=/m`;
      expect(await look(["--mount", mount], "ls /m/inner")).toBe("file");
      expect(await look(["--mount", `${mount},bind-recursive=disabled`], "ls /m/inner")).toBe("");
      expect(await look(["--mount", `${mount},readonly,bind-recursive=disabled`], "ls /m/inner")).toBe("");
      const write = "touch /m/inner/new 2>&1 || true";
      expect(await look(["-v", `${outer}:/m:ro`], write)).toContain("Read-only file system");
      const request = {
        Image: TEST_IMAGE,
        Cmd: ["touch", "/m/inner/old"],
        HostConfig: { Binds: [`${outer}:/m:ro`], NetworkMode: "none" },
      };
      const { Id } = JSON.parse(await post("/v1.43/containers/create", request));
      await out("start", "-a", Id);
      expect(await out("inspect", "-f", "{{.State.ExitCode}}", Id)).toBe("0");
    } finally {
      await runOrThrow(["umount", "-l", join(outer, "inner")]);
    }
  });

  test("the working directory is shown clean", async () => {
    const id = await out("create", "-w", "/tmp/../tmp/", TEST_IMAGE);
    expect(await out("inspect", "-f", "{{.Config.WorkingDir}}", id)).toBe("/tmp");
  });
});
