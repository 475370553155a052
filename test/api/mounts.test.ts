import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { MS, mount, unmount } from "../../src/os/linux/mount.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe("mounts", () => {
  const harness = useEngine();
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout.trimEnd();
  };
  const inside = (flags: readonly string[], script: string) =>
    out("run", "--rm", "--network", "none", ...flags, TEST_IMAGE, "sh", "-c", script);
  const hostDirectory = (name: string) => {
    const path = join(harness.engine.directory, name);
    mkdirSync(path, { recursive: true });
    return path;
  };

  test("-v host:inside reads and writes", async () => {
    const path = hostDirectory("shared");
    writeFileSync(join(path, "in"), "from host\n");
    expect(await inside(["-v", `${path}:/in`], "cat /in/in; echo from container > /in/out")).toBe(
      "from host",
    );
    expect(readFileSync(join(path, "out"), "utf8")).toBe("from container\n");
  });

  test("-v host:inside:ro refuses writes", async () => {
    const path = hostDirectory("read-only");
    const run = await harness.docker(["run", "--rm", "-v", `${path}:/in:ro`, TEST_IMAGE, "touch", "/in/x"]);
    expect([run.code, run.stderr]).toEqual([1, "touch: /in/x: Read-only file system\n"]);
    expect(existsSync(join(path, "x"))).toBe(false);
  });

  test("what the host's own mounts forbid stays forbidden", async () => {
    const [memory, readOnly] = [hostDirectory("no-programs"), hostDirectory("no-writes")];
    const look = (path: string) =>
      inside(["-v", `${path}:/in`], "grep ' /in ' /proc/mounts; touch /in/x; :").then(
        (line) => line.split(" ")[3],
      );
    await mount({
      source: "none",
      target: memory,
      fsType: "tmpfs",
      flags: MS.nosuid | MS.nodev | MS.noexec,
    });
    try {
      expect(await look(memory)).toStartWith("rw,nosuid,nodev,noexec,");
      rmSync(join(memory, "x"));
      await mount({ source: memory, target: readOnly, flags: MS.bind });
      await mount({ source: "none", target: readOnly, flags: MS.bind | MS.remount | MS.rdonly });
      expect(await look(readOnly)).toStartWith("ro,");
      expect(existsSync(join(memory, "x"))).toBe(false);
    } finally {
      await unmount(readOnly);
      await unmount(memory);
    }
    const shared = await inside(["--ipc", "shareable"], "grep ' /dev/shm ' /proc/mounts");
    expect(shared.split(" ")[3]).toStartWith("rw,nosuid,nodev,noexec,");
  });

  test("-v makes a missing host directory, --mount does not", async () => {
    const path = join(harness.engine.directory, "made", "by", "mount");
    const { code, stderr } = await harness.docker([
      "run",
      "--rm",
      "--mount",
      `type=bind,src=${path},dst=/in`,
      TEST_IMAGE,
      "true",
    ]);
    expect(code).toBe(125);
    expect(stderr).toContain(
      `invalid mount config for type "bind": bind source path does not exist: ${path}`,
    );
    await inside(["-v", `${path}:/in`], "touch /in/x");
    expect(existsSync(join(path, "x"))).toBe(true);
  });

  test("a single file", async () => {
    const path = join(hostDirectory("files"), "config");
    writeFileSync(path, "a=b\n");
    expect(await inside(["-v", `${path}:/etc/app.conf:ro`], "cat /etc/app.conf")).toBe("a=b");
  });

  test("a named volume takes what the image has there, once, and keeps what is written", async () => {
    const flags = ["-v", "named:/etc"];
    expect(await inside(flags, "head -1 /etc/passwd; echo kept > /etc/kept")).toBe(
      "root:x:0:0:root:/root:/bin/sh",
    );
    expect(await inside(flags, "cat /etc/kept; stat -c %a /etc")).toBe("kept\n755");
    expect(await out("volume", "ls", "-q")).toBe("named");
    expect(await inside(["-v", "bare:/etc:nocopy"], "ls /etc | grep -c passwd || true")).toBe("0");
    const busy = await harness.docker(["create", "--name", "holder", "-v", "named:/n", TEST_IMAGE]);
    const { code, stderr } = await harness.docker(["volume", "rm", "named"]);
    expect([code, stderr]).toEqual([
      1,
      `Error response from daemon: remove named: volume is in use - [${busy.stdout.trim()}]\n`,
    ]);
    await out("rm", "holder");
    await out("volume", "rm", "named", "bare");
  });

  test("a volume keeps owner and mode of the image's directory", async () => {
    await out("create", "--name", "template", TEST_IMAGE);
    const tree = hostDirectory("owned");
    mkdirSync(join(tree, "data"));
    writeFileSync(join(tree, "data", "file"), "x\n");
    chownSync(join(tree, "data"), 33, 100);
    chmodSync(join(tree, "data"), 0o2770);
    await out("cp", "-a", `${tree}/data`, "template:/data");
    await out("commit", "template", "owned");
    expect(await out("run", "--rm", "-v", "owned:/data", "owned", "stat", "-c", "%a %u %g", "/data")).toBe(
      "2770 33 100",
    );
    expect(await out("run", "--rm", "-v", "owned:/data", "owned", "cat", "/data/file")).toBe("x");
    await out("rm", "template");
    await out("rmi", "owned");
    await out("volume", "rm", "owned");
  });

  test("an anonymous volume goes with --rm and stays without", async () => {
    await inside(["-v", "/scratch"], "touch /scratch/x");
    expect(await out("volume", "ls", "-q")).toBe("");
    await out("run", "--name", "kept", "-v", "/scratch", TEST_IMAGE, "true");
    expect(await out("volume", "ls", "-q")).toMatch(/^[0-9a-f]{64}$/);
    await out("rm", "kept");
    expect(await out("volume", "ls", "-q")).toMatch(/^[0-9a-f]{64}$/);
    expect(await out("volume", "prune", "-f")).toContain("Total reclaimed space");
    expect(await out("volume", "ls", "-q")).toBe("");
  });

  test("rm -v takes anonymous volumes and leaves named ones", async () => {
    await out("create", "--name", "both", "-v", "/a", "-v", "stays:/b", TEST_IMAGE);
    await out("rm", "-v", "both");
    expect(await out("volume", "ls", "-q")).toBe("stays");
    await out("volume", "rm", "stays");
  });

  test("--volumes-from", async () => {
    await out(
      "run",
      "-d",
      "--name",
      "source",
      "-v",
      "/data",
      TEST_IMAGE,
      "sh",
      "-c",
      "echo shared > /data/x; sleep 1000",
    );
    await out("exec", "source", "sh", "-c", "until [ -s /data/x ]; do usleep 10000; done");
    expect(await inside(["--volumes-from", "source"], "cat /data/x")).toBe("shared");
    const { code } = await harness.docker([
      "run",
      "--rm",
      "--volumes-from",
      "source:ro",
      TEST_IMAGE,
      "touch",
      "/data/y",
    ]);
    expect(code).toBe(1);
    await out("rm", "-fv", "source");
  });

  test("mounts below mounts, in whatever order they are named", async () => {
    const outer = hostDirectory("outer");
    const inner = hostDirectory("inner");
    writeFileSync(join(inner, "deep"), "deep\n");
    expect(await inside(["-v", `${inner}:/a/b/c`, "-v", `${outer}:/a`], "cat /a/b/c/deep")).toBe("deep");
  });

  test("a mount through a link of the image stays inside", async () => {
    await out("create", "--name", "linked", TEST_IMAGE);
    const tree = hostDirectory("links");
    symlinkSync("/tmp", join(tree, "out"));
    await out("cp", `${tree}/out`, "linked:/out");
    await out("commit", "linked", "linked");
    const path = hostDirectory("target");
    await out("run", "--rm", "-v", `${path}:/out/place`, "linked", "touch", "/tmp/place/here");
    expect(existsSync(join(path, "here"))).toBe(true);
    expect(existsSync("/tmp/place")).toBe(false);
    await out("rm", "linked");
    await out("rmi", "linked");
  });

  test("inspect shows mounts", async () => {
    const path = hostDirectory("seen");
    await out("create", "--name", "looked", "-v", `${path}:/in:ro`, "-v", "vol:/v", TEST_IMAGE);
    const mounts = JSON.parse(await out("inspect", "-f", "{{json .Mounts}}", "looked"));
    expect(mounts).toContainEqual({
      Type: "bind",
      Source: path,
      Destination: "/in",
      Mode: "ro",
      RW: false,
      Propagation: "rprivate",
    });
    expect(mounts).toContainEqual(
      expect.objectContaining({
        Type: "volume",
        Name: "vol",
        Destination: "/v",
        Driver: "local",
        Mode: "z",
        RW: true,
      }),
    );
    await out("rm", "looked");
    await out("volume", "rm", "vol");
  });
});
