import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requireProgram } from "../fixtures/programs.ts";
import { runCommand, runOrThrow } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const DESCRIPTORS = Array.from({ length: 10 }, (_, index) => index + 3);
const hashOf = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

describe("what a container gets of the processes that start it", () => {
  const harness = useEngine();
  const victim = async (name: string, ...flags: string[]) => {
    const { code, stderr } = await harness.docker([
      ...["run", "-d", "--name", name, "--network", "none"],
      ...flags,
      ...[TEST_IMAGE, "sleep", "1000"],
    ]);
    if (code !== 0) throw new Error(stderr);
  };

  test("no directory of the host by a descriptor that was left open", async () => {
    const { docker } = harness;
    await victim("workdir");
    const tries = DESCRIPTORS.flatMap((fd) => [
      ["exec", "-w", `/proc/self/fd/${fd}`, "workdir", "pwd"],
      ["exec", "-w", `/proc/1/fd/${fd}`, "workdir", "pwd"],
    ]);
    for (const fd of DESCRIPTORS.slice(0, 9)) {
      tries.push(["run", "--rm", "--network", "none", "-w", `/proc/self/fd/${fd}`, TEST_IMAGE, "pwd"]);
    }
    const escaped: string[] = [];
    while (tries.length > 0) {
      const some = tries.splice(0, 4);
      const results = await Promise.all(some.map((args) => docker(args)));
      for (const [index, { code, stdout }] of results.entries()) {
        // What refuses an exec is told where the program's words would be.
        if (code === 0 || stdout.startsWith("/")) escaped.push(`${some[index]!.join(" ")}: ${stdout}`);
      }
    }
    expect(escaped).toEqual([]);
    await docker(["rm", "-f", "workdir"]);
  });

  test("no descriptors but its three", async () => {
    const { docker } = harness;
    await victim("descriptors");
    const ls = ["ls", "/proc/1/fd"];
    expect((await docker(["exec", "descriptors", ...ls])).stdout.split(/\s+/)).toEqual(["0", "1", "2", ""]);
    // An exec's shell is asked from outside itself: what looks needs a descriptor for the directory.
    const exec = ["exec", "descriptors", "sh", "-c", "ls /proc/$$/fd; true"];
    expect((await docker(exec)).stdout.split(/\s+/)).toEqual(["0", "1", "2", ""]);
    await docker(["rm", "-f", "descriptors"]);
  });

  test("no way to write to the programs of the host by /proc/self/exe", async () => {
    const { docker } = harness;
    const programs = ["crun", "conmon"].map(requireProgram);
    const before = programs.map(hashOf);
    const attack = `
      ln -s /proc/self/exe /evil
      printf '#!/proc/self/exe\\n' > /script; chmod +x /script
      while :; do
        for exe in /proc/[0-9]*/exe; do
          [ $exe = /proc/1/exe ] || { echo pwned > $exe; } 2>/dev/null && echo $exe >> /hits
        done
      done`;
    await docker(["run", "-d", "--name", "exe", "--network", "none", TEST_IMAGE, "sh", "-c", attack]);
    for (const path of ["/evil", "/script", "/proc/self/exe", "/evil", "/script", "/evil"]) {
      await docker(["exec", "exe", path]);
    }
    await docker(["rm", "-f", "exe"]);
    expect(programs.map(hashOf)).toEqual(before);
    expect((await docker(["run", "--rm", "--network", "none", TEST_IMAGE, "echo", "well"])).stdout).toBe(
      "well\n",
    );
  });

  test.each([
    [[], "00000000a80425fb"],
    [["-u", "33"], "0000000000000000"],
    [["--cap-add", "ALL", "-u", "33"], "0000000000000000"],
  ])("%p: nothing inheritable, nothing ambient", async (flags, effective) => {
    const { docker } = harness;
    const read = ["sed", "-n", "s/^Cap\\(Inh\\|Eff\\|Amb\\):.//p", "/proc/self/status"];
    await victim("capable", ...flags);
    const expected = `0000000000000000\n${effective}\n0000000000000000\n`;
    expect((await docker(["run", "--rm", "--network", "none", ...flags, TEST_IMAGE, ...read])).stdout).toBe(
      expected,
    );
    expect((await docker(["exec", "capable", ...read])).stdout).toBe(expected);
    await docker(["rm", "-f", "capable"]);
  });

  test("groups are those of the image's own files", async () => {
    const { docker, engine } = harness;
    const context = join(engine.directory, "groups.tar");
    const passwd = "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\nalone:x:1001:7::/:/bin/sh\n";
    const group = "root:x:0:\nwheel:x:10:root\nadm:x:4:app\nusers:x:100:app,other\napp:x:1000:\n";
    writeFileSync(join(engine.directory, "passwd"), passwd);
    writeFileSync(join(engine.directory, "group"), group);
    await runOrThrow([
      "tar",
      "-C",
      engine.directory,
      "--transform",
      "s,^,etc/,",
      "-cf",
      context,
      "passwd",
      "group",
    ]);
    const busybox = join(engine.directory, "busybox.tar");
    const both = join(engine.directory, "both.tar");
    await runOrThrow(["sh", "-c", `cp '${busybox}' '${both}' && tar -Af '${both}' '${context}'`]);
    await docker(["import", both, "test/groups"]);
    const cases: ReadonlyArray<readonly [flags: string[], uid: string, gid: string, groups: string]> = [
      [[], "0", "0", "0 10"],
      [["-u", "app"], "1000", "1000", "1000 4 100"],
      [["-u", "1000"], "1000", "1000", "1000 4 100"],
      [["-u", "app:users"], "1000", "100", "100"],
      [["-u", "1000:5"], "1000", "5", "5"],
      [["-u", "alone"], "1001", "7", "7"],
      [["-u", "4242"], "4242", "0", "0"],
      [["-u", "app:users", "--group-add", "adm", "--group-add", "77"], "1000", "100", "100 4 77"],
    ];
    const script = "id -u; id -g; sed -n 's/^Groups:.//p' /proc/self/status";
    const sorted = (text: string) => text.trim().split(/\s+/).sort().join(" ");
    for (const [flags, uid, gid, groups] of cases) {
      const { stdout } = await docker([
        ...["run", "--rm", "--network", "none"],
        ...[...flags, "test/groups", "sh", "-c", script],
      ]);
      const [ownUid, ownGid, ownGroups = ""] = stdout.split("\n");
      expect([flags, ownUid, ownGid, sorted(ownGroups)]).toEqual([flags, uid, gid, sorted(groups)]);
    }
    await docker(["rmi", "test/groups"]);
  });

  test.each(["4294967296", "0:4294967296", "2147483648", "-1"])("user %s is refused", async (user) => {
    const { docker } = harness;
    const { code, stderr } = await docker(["run", "--rm", `--user=${user}`, TEST_IMAGE, "id"]);
    expect([code, stderr]).toEqual([
      125,
      expect.stringContaining("uids and gids must be in range 0-2147483647"),
    ]);
    await victim("ids");
    const exec = await docker(["exec", `--user=${user}`, "ids", "id", "-u"]);
    expect(exec.code).not.toBe(0);
    expect(exec.stdout + exec.stderr).toContain("uids and gids must be in range 0-2147483647");
    await docker(["rm", "-f", "ids"]);
  });

  test("no abstract socket of the engine or its monitors", async () => {
    const { docker, engine } = harness;
    await victim("sockets");
    const monitors = readdirSync("/proc").filter((pid) => {
      if (!/^\d+$/.test(pid)) return false;
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(engine.runRoot);
      } catch {
        // It ended meanwhile.
        return false;
      }
    });
    expect(monitors.length).toBeGreaterThan(1);
    const sockets = new Set(
      [...monitors, String(engine.pid())].flatMap((pid) =>
        readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
          try {
            return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
          } catch {
            // Closed meanwhile.
            return [];
          }
        }),
      ),
    );
    const abstract = readFileSync("/proc/net/unix", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , , , , inode, name]) => name?.startsWith("@") && sockets.has(inode!));
    expect(sockets.size).toBeGreaterThan(0);
    expect(abstract).toEqual([]);
    await docker(["rm", "-f", "sockets"]);
  });

  test("the engine's files are out of others' sight", async () => {
    const { docker, engine } = harness;
    await victim("files", "-v", "seen:/data");
    const source = (await docker(["volume", "inspect", "-f", "{{.Mountpoint}}", "seen"])).stdout.trim();
    const others = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    // The temporary directory itself is nobody else's: it is opened so that only the engine's own modes count.
    await runOrThrow(["chmod", "0711", engine.directory]);
    for (const path of [
      engine.dataRoot,
      join(engine.dataRoot, "snapshots"),
      join(engine.runRoot, "bundles"),
      source,
    ]) {
      const { code, stderr } = await runCommand([...others, "ls", path]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("Permission denied")]);
    }
    await docker(["rm", "-f", "files"]);
    await docker(["volume", "rm", "seen"]);
  });
});
