import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TEST_IMAGE, useEngine } from "./harness.ts";
import { volumeSteps } from "./volume-steps.ts";

const ANONYMOUS = /^[0-9a-f]{64}\n$/;

describe("volumes with the docker command line", () => {
  const harness = useEngine();
  const { docker, run, shell, buildImage, call } = volumeSteps(harness);

  describe("the volume's life", () => {
    test("create, list, inspect, remove", async () => {
      expect(await docker("volume", "create", "--label", "a=b", "life")).toEqual({
        stdout: "life\n",
        stderr: "",
        code: 0,
      });
      expect((await docker("volume", "create", "life")).stdout).toBe("life\n");
      expect((await docker("volume", "ls")).stdout).toBe("DRIVER    VOLUME NAME\nlocal     life\n");
      expect((await docker("volume", "ls", "-q", "-f", "label=a=b")).stdout).toBe("life\n");
      expect((await docker("volume", "ls", "-q", "-f", "label=a=c")).stdout).toBe("");
      const [volume] = JSON.parse((await docker("volume", "inspect", "life")).stdout);
      expect(Object.keys(volume)).toEqual([
        ...["CreatedAt", "Driver", "Labels", "Mountpoint", "Name", "Options", "Scope"],
      ]);
      expect(volume.Mountpoint).toBe(join(harness.engine.dataRoot, "volumes/life/_data"));
      expect((await docker("volume", "rm", "life")).stdout).toBe("life\n");
      expect(existsSync(join(harness.engine.dataRoot, "volumes/life"))).toBe(false);
    });

    test.each([
      [["volume", "rm", "gone"], "Error response from daemon: get gone: no such volume\n"],
      [
        ["volume", "create", "a"],
        "Error response from daemon: create a: volume name is too short, names should be at least two alphanumeric characters\n",
      ],
      [
        ["volume", "create", "a/b"],
        'Error response from daemon: create a/b: "a/b" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path\n',
      ],
      [
        ["volume", "create", "-o", "foo=bar", "opt"],
        'Error response from daemon: create opt: invalid option: "foo"\n',
      ],
      [
        ["volume", "create", "-o", "type=tmpfs", "opt"],
        'Error response from daemon: create opt: missing required option: "device"\n',
      ],
      [
        ["volume", "create", "-o", "size=1g", "opt"],
        "Error response from daemon: create opt: quota size requested but no quota support\n",
      ],
      [
        ["volume", "ls", "-f", "dangling=maybe"],
        "Error response from daemon: invalid filter 'dangling=[maybe]'\n",
      ],
      [["volume", "ls", "-f", "color=red"], "Error response from daemon: invalid filter 'color'\n"],
    ])("%j says why not", async (args, stderr) =>
      expect(await docker(...args)).toEqual({ stdout: "", stderr, code: 1 }),
    );

    test("one in use stays, and dangling means unused", async () => {
      await docker("volume", "create", "idle");
      const id = (await docker("create", "--name", "user", "-v", "busy:/x", TEST_IMAGE)).stdout.trim();
      expect((await docker("volume", "rm", "busy")).stderr).toBe(
        `Error response from daemon: remove busy: volume is in use - [${id}]\n`,
      );
      expect((await docker("volume", "ls", "-q", "-f", "dangling=true")).stdout).toBe("idle\n");
      expect((await docker("volume", "ls", "-q", "-f", "dangling=false")).stdout).toBe("busy\n");
      await docker("rm", "user");
      await docker("volume", "rm", "busy", "idle");
    });

    test("prune takes anonymous volumes, named ones when told to or by an old version", async () => {
      const pruned = async (path: string) => {
        await docker("volume", "create", "named");
        const anonymous = (await docker("volume", "create")).stdout.trim();
        const { body } = await call("POST", path);
        const { VolumesDeleted } = JSON.parse(body) as { VolumesDeleted: string[] };
        await docker("volume", "rm", "-f", "named", anonymous);
        return VolumesDeleted.map((name) => (name === anonymous ? "anonymous" : name)).sort();
      };
      const all = encodeURIComponent('{"all":["true"]}');
      expect(await pruned("/v1.50/volumes/prune")).toEqual(["anonymous"]);
      expect(await pruned(`/v1.50/volumes/prune?filters=${all}`)).toEqual(["anonymous", "named"]);
      expect(await pruned("/v1.41/volumes/prune")).toEqual(["anonymous", "named"]);
      expect((await call("POST", "/v1.50/volumes/prune")).body).toBe(
        '{"VolumesDeleted":[],"SpaceReclaimed":0}\n',
      );
    });
  });

  describe("content", () => {
    test("of the image fills a new volume once, with owners and modes, and never a used one", async () => {
      await buildImage(
        "test/seeded",
        "mkdir -m 1750 /seed; echo one > /seed/f; chown -R 7:8 /seed; chmod 640 /seed/f",
      );
      const look = "stat -c '%n %u:%g %a' /seed /seed/*";
      const first = await run("-v", "seeded:/seed", "test/seeded", "sh", "-ec", look);
      expect(first).toEqual({ stdout: "/seed 7:8 1750\n/seed/f 7:8 640\n", stderr: "", code: 0 });
      await shell("rm /v/f; echo two > /v/g", "-v", "seeded:/v");
      expect((await run("-v", "seeded:/seed", "test/seeded", "ls", "/seed")).stdout).toBe("g\n");
      expect((await run("-v", "bare:/seed:nocopy", "test/seeded", "ls", "/seed")).stdout).toBe("");
      // What a program deletes stays deleted when it starts again.
      await docker("run", "--name", "eraser", "-v", "erased:/seed", "test/seeded", "rm", "/seed/f");
      await docker("start", "-a", "eraser");
      await docker("rm", "eraser");
      expect((await shell("ls /v", "-v", "erased:/v")).stdout).toBe("");
    });

    test("is there from create on", async () => {
      await docker("create", "--name", "made", "-v", "early:/seed", "test/seeded");
      expect(readFileSync(join(harness.engine.dataRoot, "volumes/early/_data/f"), "utf8")).toBe("one\n");
      await docker("rm", "made");
    });

    test("of a file is no content of a volume", async () => {
      expect((await run("-v", "/etc/passwd", TEST_IMAGE, "true")).stderr).toMatch(
        /cannot mount volume over existing file, file exists \S+\/etc\/passwd\n/,
      );
      const { stderr } = await run("-v", "overfile:/etc/passwd", TEST_IMAGE, "true");
      expect(stderr).toContain(": Are you trying to mount a directory onto a file (or vice-versa)?");
    });

    test("of an image that names its volume without a slash", async () => {
      await buildImage("test/relative", "mkdir /rel; echo there > /rel/f", 'VOLUME ["rel"]');
      expect((await run("test/relative", "cat", "/rel/f")).stdout).toBe("there\n");
    });

    test("survives container and daemon", async () => {
      await shell("echo kept > /v/file", "-v", "kept:/v");
      await harness.engine.crash();
      await harness.engine.restart();
      expect((await shell("cat /v/file", "-v", "kept:/v")).stdout).toBe("kept\n");
    });

    test("that a crash left is cleared when the daemon starts, what somebody put there is a volume", async () => {
      const at = (name: string) => join(harness.engine.dataRoot, "volumes", name);
      await docker("volume", "create", "halfgone");
      await docker("create", "--name", "needs", "-v", "lostdata:/v", TEST_IMAGE, "ls", "/v");
      await harness.engine.crash();
      mkdirSync(join(at("halfmade"), "_data"), { recursive: true });
      mkdirSync(join(at(".removed-0123456789abcdef"), "_data/deep"), { recursive: true });
      mkdirSync(join(at("brought"), "_data/deep"), { recursive: true });
      mkdirSync(join(at("strange"), "other"), { recursive: true });
      for (const name of ["halfgone", "lostdata"]) rmSync(at(name), { recursive: true });
      await harness.engine.restart();
      const names = (await docker("volume", "ls", "-q")).stdout.split("\n");
      expect(["halfmade", "halfgone", "strange"].filter((name) => names.includes(name))).toEqual([]);
      expect(["halfmade", "halfgone"].filter((name) => existsSync(at(name)))).toEqual([]);
      expect(existsSync(join(at("strange"), "other"))).toBe(true);
      expect((await shell("ls /v", "-v", "brought:/v")).stdout).toBe("deep\n");
      expect(await docker("start", "-a", "needs")).toMatchObject({ stderr: "", code: 0 });
      // Ends in the background.
      while (existsSync(at(".removed-0123456789abcdef"))) await harness.docker(["version"]);
      await docker("rm", "needs");
      await docker("volume", "rm", "brought");
    });
  });

  describe("anonymous volumes", () => {
    const names = async () =>
      (await docker("volume", "ls", "-q", "-f", "label=com.docker.volume.anonymous")).stdout;

    test("go with --rm and rm -v, and stay with rm", async () => {
      await docker("volume", "prune", "-f");
      await run("-v", "/data", TEST_IMAGE, "true");
      expect(await names()).toBe("");
      await docker("create", "--name", "anon", "-v", "/data", TEST_IMAGE);
      expect(await names()).toMatch(ANONYMOUS);
      await docker("rm", "-v", "anon");
      expect(await names()).toBe("");
      await docker("create", "--name", "anon", "-v", "/data", TEST_IMAGE);
      await docker("rm", "anon");
      expect(await names()).toMatch(ANONYMOUS);
    });

    test("go with the last user only", async () => {
      await docker("volume", "prune", "-f");
      await docker("run", "--name", "first", "-v", "/data", TEST_IMAGE, "sh", "-c", "echo x > /data/f");
      await docker("create", "--name", "second", "--volumes-from", "first", TEST_IMAGE, "cat", "/data/f");
      await docker("rm", "-v", "first");
      expect(await names()).toMatch(ANONYMOUS);
      expect((await docker("start", "-a", "second")).stdout).toBe("x\n");
      await docker("rm", "-v", "second");
      expect(await names()).toBe("");
    });

    test("of a container that could not be made are not left behind", async () => {
      await docker("volume", "prune", "-f");
      await docker("create", "--name", "taken", TEST_IMAGE);
      const twice = await docker("create", "-v", "/a", "-v", "/b/x:/a", TEST_IMAGE);
      expect(twice.code).toBe(0);
      await docker("rm", "-v", twice.stdout.trim(), "taken");
      const missing = ["--mount", "type=volume,dst=/c", "--mount", "type=image,src=nothing,dst=/d"];
      expect((await docker("create", ...missing, TEST_IMAGE)).code).toBe(1);
      expect(await names()).toBe("");
    });
  });

  describe("--volumes-from", () => {
    test("cascades and can be read-only", async () => {
      await docker("create", "--name", "base", "-v", "casc:/one", "-v", "/two", TEST_IMAGE);
      await docker("create", "--name", "next", "--volumes-from", "base", "-v", "/three", TEST_IMAGE);
      const seen = await shell(
        "touch /three/x; ls -d /one /two /three; touch /one/x",
        "--volumes-from",
        "next:ro",
      );
      expect(seen.stderr).toContain("Read-only file system");
      expect((await shell("ls -d /one /two /three", "--volumes-from", "next")).stdout).toBe(
        "/one\n/three\n/two\n",
      );
      expect((await run("--volumes-from", "nobody", TEST_IMAGE)).stderr).toContain(
        "No such container: nobody",
      );
      expect((await run("--volumes-from", "next:nocopy", TEST_IMAGE)).stderr).toContain(
        "invalid mode: nocopy",
      );
      await docker("rm", "-v", "next", "base");
    });
  });

  describe("the local driver's options", () => {
    test("a tmpfs lives from its first user to its last, across a crash of the daemon", async () => {
      const options = ["-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=1m,uid=5"];
      await docker("volume", "create", ...options, "memory");
      const mountpoint = join(harness.engine.dataRoot, "volumes/memory/_data");
      const mounted = () => readFileSync("/proc/self/mountinfo", "utf8").includes(` ${mountpoint} `);
      const sleeper = ["run", "-d", "-v", "memory:/m", TEST_IMAGE, "sleep", "1000"];
      const one = (await docker(...sleeper)).stdout.trim();
      const two = (await docker(...sleeper)).stdout.trim();
      await docker("exec", one, "sh", "-c", "echo shared > /m/f");
      expect((await docker("exec", two, "sh", "-c", "cat /m/f; stat -c %u /m")).stdout).toBe("shared\n5\n");
      await harness.engine.crash();
      expect((await harness.docker(["ps"])).code).toBe(1);
      await harness.engine.restart();
      await docker("rm", "-f", one);
      expect(mounted()).toBe(true);
      expect((await docker("exec", two, "cat", "/m/f")).stdout).toBe("shared\n");
      await docker("rm", "-f", two);
      expect(mounted()).toBe(false);
      await docker("volume", "rm", "memory");
    });

    test("a bind of the host is taken away before anything is deleted", async () => {
      const source = join(harness.engine.directory, "precious");
      mkdirSync(source);
      writeFileSync(join(source, "file"), "precious");
      await docker(
        "volume",
        "create",
        "-o",
        "type=none",
        "-o",
        "o=bind,ro",
        "-o",
        `device=${source}`,
        "host",
      );
      expect((await shell("cat /h/file; ! touch /h/x", "-v", "host:/h")).stdout).toBe("precious");
      expect((await docker("volume", "rm", "host")).stdout).toBe("host\n");
      expect(readFileSync(join(source, "file"), "utf8")).toBe("precious");
    });

    test("overlay joins directories", async () => {
      const at = (name: string) => {
        const path = join(harness.engine.directory, `overlay-${name}`);
        mkdirSync(path);
        return path;
      };
      const [lower, upper, work] = [at("lower"), at("upper"), at("work")];
      writeFileSync(join(lower, "below"), "1");
      const o = `o=lowerdir=${lower},upperdir=${upper},workdir=${work}`;
      await docker("volume", "create", "-o", "type=overlay", "-o", "device=overlay", "-o", o, "joined");
      expect((await shell("touch /o/above; ls /o", "-v", "joined:/o")).stdout).toBe("above\nbelow\n");
      expect(existsSync(join(upper, "above"))).toBe(true);
      await docker("volume", "rm", "joined");
    });

    test("what the kernel says of a mount that fails is told, passwords are not", async () => {
      const o = "o=username=me,password=secret";
      await docker("volume", "create", "-o", "type=nosuchfs", "-o", "device=/dev/null", "-o", o, "broken");
      const { stderr } = await shell("true", "-v", "broken:/x");
      expect(stderr).toContain("failed to mount local volume: mount /dev/null:");
      expect(stderr).toContain("data: username=me,password=********: no such device");
      await docker("volume", "rm", "broken");
    });
  });

  test("events tell of a volume's life", async () => {
    const since = String(Math.floor(Date.now() / 1000) - 1);
    await run("-v", "told:/x", TEST_IMAGE, "true");
    await docker("volume", "rm", "told");
    const until = String(Math.floor(Date.now() / 1000) + 1);
    const filters = ["--filter", "type=volume", "--filter", "volume=told", "--format", "{{.Action}}"];
    const { stdout } = await docker("events", "--since", since, "--until", until, ...filters);
    expect(stdout).toBe("create\nmount\nunmount\ndestroy\n");
  });
});
