import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hasDockerCli } from "../fixtures/docker-cli.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const GANTRY = fileURLToPath(new URL("../../gantry", import.meta.url));
const ANONYMOUS = /^[0-9a-f]{64}\n$/;

describe.skipIf(!hasDockerCli)("volumes and mounts with the docker command line", () => {
  const harness = useEngine();
  const docker = (...args: string[]) => harness.docker(args);
  const run = (...args: string[]) => docker("run", "--rm", ...args);
  const shell = (script: string, ...options: string[]) => run(...options, TEST_IMAGE, "sh", "-ec", script);

  async function buildImage(name: string, script: string, ...changes: string[]): Promise<void> {
    await docker("run", "--name", "builder", TEST_IMAGE, "sh", "-ec", script);
    const flags = changes.flatMap((change) => ["--change", change]);
    expect(await docker("commit", ...flags, "builder", name)).toMatchObject({ stderr: "", code: 0 });
    await docker("rm", "-v", "builder");
  }

  async function inspect<T>(what: string, field: string): Promise<T> {
    const { stdout, stderr } = await docker("inspect", "--format", `{{json ${field}}}`, what);
    expect(stderr).toBe("");
    return JSON.parse(stdout) as T;
  }

  function call(method: string, path: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath: harness.engine.socketPath, method, path }, (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode!, body }));
      });
      sent.on("error", reject);
      sent.end();
    });
  }

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

    test("survives container and daemon", async () => {
      await shell("echo kept > /v/file", "-v", "kept:/v");
      await harness.engine.crash();
      await harness.engine.restart();
      expect((await shell("cat /v/file", "-v", "kept:/v")).stdout).toBe("kept\n");
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
    test("backup and restore as the book has them", async () => {
      const directory = join(harness.engine.directory, "backup");
      mkdirSync(directory);
      await docker(
        "run",
        "-v",
        "/dbdata",
        "--name",
        "dbstore",
        TEST_IMAGE,
        "sh",
        "-c",
        "echo rows > /dbdata/db",
      );
      const backup = await run(
        ...["--volumes-from", "dbstore", "-v", `${directory}:/backup`, TEST_IMAGE],
        ...["tar", "cvf", "/backup/backup.tar", "/dbdata"],
      );
      expect(backup.code).toBe(0);
      await docker("create", "-v", "/dbdata", "--name", "dbstore2", TEST_IMAGE);
      const restore = "cd /dbdata && tar xf /backup/backup.tar && mv dbdata/* . && cat db";
      const restored = await shell(restore, "--volumes-from", "dbstore2", "-v", `${directory}:/backup`);
      expect(restored).toEqual({ stdout: "rows\n", stderr: "", code: 0 });
      await docker("rm", "-v", "dbstore", "dbstore2");
    });

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

  describe("binds", () => {
    test("-v makes a missing directory, --mount only with bind-create-src", async () => {
      const path = join(harness.engine.directory, "made/by/-v");
      expect((await shell("touch /x/f", "-v", `${path}:/x`)).code).toBe(0);
      expect(statSync(path).mode & 0o7777).toBe(0o755);
      const other = join(harness.engine.directory, "missing");
      expect((await shell("true", "--mount", `type=bind,src=${other},dst=/x`)).stderr).toContain(
        `invalid mount config for type "bind": bind source path does not exist: ${other}`,
      );
      const body = {
        Image: TEST_IMAGE,
        HostConfig: { Mounts: [bindSpec(other, { CreateMountpoint: true })] },
      };
      expect(await createByApi(body)).toBe(201);
      expect(existsSync(other)).toBe(false);
      await docker("start", "-a", "by-api");
      expect(existsSync(other)).toBe(true);
      await docker("rm", "by-api");
    });

    test("files, links and sockets are bound as what they lead to", async () => {
      const directory = join(harness.engine.directory, "kinds");
      mkdirSync(directory);
      writeFileSync(join(directory, "file"), "content");
      symlinkSync("file", join(directory, "link"));
      const options = [
        "-v",
        `${directory}/link:/bound:ro`,
        "-v",
        `${harness.engine.socketPath}:/engine.sock`,
      ];
      const seen = await shell("cat /bound; test -S /engine.sock", ...options);
      expect(seen).toEqual({ stdout: "content", stderr: "", code: 0 });
    });

    test("read-only holds for mounts below", async () => {
      await docker("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "inner");
      await docker("run", "-d", "--name", "holder", "-v", "inner:/x", TEST_IMAGE, "sleep", "1000");
      const source = join(harness.engine.dataRoot, "volumes");
      const touch = async (options: string) =>
        await shell("touch /all/inner/_data/f", "--mount", `type=bind,src=${source},dst=/all${options}`);
      expect((await touch(",readonly")).stderr).toContain("Read-only file system");
      const forced = "readonly,bind-recursive=readonly,bind-propagation=rprivate";
      const { stderr } = await shell("touch /d/f", "--mount", `type=bind,src=/dev,dst=/d,${forced}`);
      expect(stderr).toContain("Read-only file system");
      expect(await touch(",readonly,bind-recursive=writable")).toMatchObject({ stderr: "", code: 0 });
      await docker("rm", "-f", "holder");
      await docker("volume", "rm", "inner");
    });

    test("propagation needs a shared mount", async () => {
      const { stderr } = await shell("true", "-v", `${harness.engine.directory}:/x:rshared`);
      const path = harness.engine.directory;
      if (stderr !== "")
        expect(stderr).toMatch(new RegExp(`path ${path} is mounted on \\S+ but it is not a shared mount`));
      expect((await shell("true", "-v", "named:/x:rshared")).stderr).toContain(
        `invalid volume specification: 'named:/x:rshared': invalid mount config for type "volume": field BindOptions must not be specified`,
      );
    });

    test.each([
      [["-v", "/a:b"], "invalid mount path: 'b' mount path must be absolute"],
      [["-v", "/a:/"], "invalid specification: destination can't be '/'"],
      [["-v", "/a:/b:foo"], "invalid mode: foo"],
      [["-v", "/a:/b:ro,rw"], "invalid mode: ro,rw"],
      [["-v", "/a:/b", "-v", "/c:/b"], "Duplicate mount point: /b"],
      [
        ["--mount", "type=volume,dst=/b,volume-subpath=x"],
        "must not set Subpath when using anonymous volumes",
      ],
      [
        ["--mount", "type=volume,src=vv,dst=/b,volume-subpath=../x"],
        "subpath must be a relative path within the volume",
      ],
      [["--tmpfs", "/t:foo=1"], 'invalid tmpfs option ["foo" "1"]'],
    ])("%j is refused", async (options, text) => {
      const { stderr, code } = await shell("true", ...options);
      expect(stderr).toContain(text);
      expect(code).toBe(125);
    });
  });

  describe("sub-paths and images", () => {
    test("a sub-path of a volume is bound, and never leads out of it", async () => {
      await shell(
        "mkdir -p /v/a/b; echo deep > /v/a/b/f; ln -s a/b /v/in; ln -s /etc /v/abs; ln -s ../../.. /v/up",
        "-v",
        "sub:/v",
      );
      const mount = (subpath: string) => ["--mount", `type=volume,src=sub,dst=/m,volume-subpath=${subpath}`];
      expect((await shell("cat /m/f", ...mount("a/b"))).stdout).toBe("deep\n");
      expect((await shell("cat /m/f", ...mount("in"))).stdout).toBe("deep\n");
      expect((await shell("cat /m", ...mount("a/b/f"))).stdout).toBe("deep\n");
      for (const subpath of ["abs", "up"]) {
        expect((await shell("true", ...mount(subpath))).stderr).toContain(
          "path concatenation escapes the base directory",
        );
      }
      expect((await shell("true", ...mount("none"))).stderr).toMatch(
        /cannot access path \S+\/none: lstat \S+: no such file/,
      );
    });

    test("mount points in a volume that another container swaps for links stay in the container", async () => {
      const outside = join(harness.engine.directory, "outside");
      mkdirSync(outside);
      await shell("mkdir /s/d", "-v", "shared:/s");
      // The same path leads to a directory of the host if anything follows it there.
      const swap = `while :; do mv /s/d /s/e; ln -s ${outside} /s/d; rm /s/d; mv /s/e /s/d; done 2>/dev/null`;
      await docker("run", "-d", "--name", "swapper", "-v", "shared:/s", TEST_IMAGE, "sh", "-c", swap);
      let started = 0;
      for (const endMs = Date.now() + 4000; Date.now() < endMs; ) {
        const { code } = await shell("true", "-v", "shared:/s", "-v", "/s/d/made", "--tmpfs", "/s/d/memory");
        if (code === 0) started++;
        expect(readdirSync(outside)).toEqual([]);
      }
      expect(started).toBeGreaterThan(0);
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(outside);
      await docker("rm", "-f", "swapper");
    }, 20_000);

    test("an image's files are seen, read-only", async () => {
      await buildImage("test/files", "mkdir -p /d; echo file > /d/f");
      const mount = (more: string) => ["--mount", `type=image,src=test/files,dst=/i${more}`];
      const seen = await shell("cat /i/d/f; ! touch /i/x", ...mount(""));
      expect(seen.stdout).toBe("file\n");
      expect(seen.code).toBe(0);
      expect((await shell("cat /i/f", ...mount(",image-subpath=d"))).stdout).toBe("file\n");
      expect(
        (await docker("create", "--mount", "type=image,src=no/such,dst=/i", "--pull", "never", TEST_IMAGE))
          .stderr,
      ).toContain("No such image: no/such:latest");
      await docker("create", "--name", "keeper", ...mount(""), TEST_IMAGE);
      expect((await docker("rmi", "test/files")).stderr).toContain(
        "conflict: unable to remove repository reference",
      );
      await docker("rm", "keeper");
    });
  });

  test("inspect shows each kind of mount as docker does", async () => {
    const source = harness.engine.directory;
    await docker(
      ...["create", "--name", "shown", "-v", "vol:/v", "-v", "/anon", "-v", `${source}/kinds:/b:ro,z`],
      ...["--mount", "type=tmpfs,dst=/t,tmpfs-size=65536,tmpfs-mode=1770", "--tmpfs", "/u"],
      ...["--mount", "type=volume,src=vol,dst=/w,readonly", TEST_IMAGE],
    );
    type Point = Record<string, unknown> & { Destination: string; Name?: string; Source: string };
    const points = await inspect<Point[]>("shown", ".Mounts");
    const at = (destination: string) => points.find(({ Destination }) => Destination === destination)!;
    const volume = {
      Type: "volume",
      Name: "vol",
      Source: join(harness.engine.dataRoot, "volumes/vol/_data"),
    };
    expect(JSON.stringify(at("/v"))).toBe(
      JSON.stringify({ ...volume, Destination: "/v", Driver: "local", Mode: "z", RW: true, Propagation: "" }),
    );
    expect(at("/w")).toMatchObject({ ...volume, Mode: "z", RW: false });
    expect(at("/anon")).toMatchObject({
      Type: "volume",
      Driver: "local",
      Mode: "",
      RW: true,
      Propagation: "",
    });
    expect(JSON.stringify(at("/b"))).toBe(
      `{"Type":"bind","Source":"${source}/kinds","Destination":"/b","Mode":"ro,z","RW":false,"Propagation":"rprivate"}`,
    );
    expect(at("/t")).toEqual({
      Type: "tmpfs",
      Source: "",
      Destination: "/t",
      Mode: "",
      RW: true,
      Propagation: "",
    });
    expect(points.some(({ Destination }) => Destination === "/u")).toBe(false);
    await docker("rm", "-v", "shown");
  });

  test("tmpfs has the size, mode and flags asked for", async () => {
    const seen = await shell(
      "grep -E ' /(t|u) ' /proc/mounts | cut -d' ' -f4 | tr , '\\n' | grep -E 'size|mode|noexec|nosuid'",
      ...["--mount", "type=tmpfs,dst=/t,tmpfs-size=65536,tmpfs-mode=1770", "--tmpfs", "/u:exec,size=128k"],
    );
    expect(seen.stdout).toBe("nosuid\nnoexec\nsize=64k\nmode=1770\nnosuid\nsize=128k\n");
  });

  describe("beyond docker", () => {
    const gantry = (...args: string[]) =>
      runCommand([GANTRY, "-H", harness.engine.host, "--no-autostart", ...args], {
        env: { DOCKER_CONTEXT: undefined },
      });
    const look = "stat -c '%n %u:%g %a %Y' /v /v/* | sort; cat /v/file";
    const seen = async (name: string) => (await shell(look, "-v", `${name}:/v:nocopy`)).stdout;

    test("a volume is exported and imported, its directory's owner included", async () => {
      const make =
        "echo x > /v/file; ln /v/file /v/hard; ln -s file /v/soft; mkdir /v/d; touch -h -d @1000 /v/*; chown 9:8 /v; chmod 710 /v";
      expect(await shell(make, "-v", "origin:/v")).toMatchObject({ stderr: "", code: 0 });
      const archive = join(harness.engine.directory, "origin.tar");
      expect(await gantry("volume", "export", "-o", archive, "origin")).toMatchObject({
        stderr: "",
        code: 0,
      });
      const imported = await gantry("volume", "import", "copy", archive);
      expect(imported).toEqual({ stdout: "copy\n", stderr: "", code: 0 });
      const withoutTop = (text: string) => text.replace(/^\/v (\S+ \S+) \d+$/m, "/v $1");
      expect(withoutTop(await seen("copy"))).toBe(withoutTop(await seen("origin")));
      expect((await gantry("volume", "import", "copy", archive)).stderr).toContain(
        "volume copy is not empty",
      );
      writeFileSync(archive, "no archive, but long enough to be taken for one".repeat(20));
      expect((await gantry("volume", "import", "fresh", archive)).code).toBe(1);
      expect((await docker("volume", "inspect", "fresh")).code).toBe(1);
    });

    test("a clone and a snapshot are volumes of their own", async () => {
      const before = await seen("origin");
      expect((await gantry("volume", "clone", "origin", "twin")).stdout).toBe("twin\n");
      const snapshot = (await gantry("volume", "snapshot", "origin")).stdout.trim();
      expect(snapshot).toMatch(/^origin-\d{8}-\d{6}$/);
      await shell("echo changed > /v/file", "-v", "origin:/v");
      expect(await seen("twin")).toBe(before);
      expect(await seen(snapshot)).toBe(before);
      expect((await gantry("volume", "clone", "origin", "twin")).stderr).toContain(
        "volume twin already exists",
      );
      expect((await gantry("volume", "clone", "nothing", "x2")).stderr).toContain(
        "get nothing: no such volume",
      );
      const label = "label=gantry.volume.snapshot-of=origin";
      expect((await docker("volume", "ls", "-q", "-f", label)).stdout).toBe(`${snapshot}\n`);
    });

    test("sizes are listed", async () => {
      await shell("head -c 200000 /dev/zero > /v/big", "-v", "sized:/v");
      await docker("create", "--name", "sizer", "-v", "sized:/v", TEST_IMAGE);
      const { stdout } = await gantry("volume", "ls", "--size", "-f", "name=^sized$");
      expect(stdout).toMatch(/^DRIVER +VOLUME NAME +LINKS +SIZE\nlocal +sized +1 +20\d(\.\d)?kB\n$/);
      await docker("rm", "sizer");
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

  function bindSpec(source: string, options: object): object {
    return { Type: "bind", Source: source, Target: "/x", BindOptions: options };
  }

  function createByApi(body: object): Promise<number> {
    return new Promise((resolve, reject) => {
      const options = {
        socketPath: harness.engine.socketPath,
        method: "POST",
        path: "/v1.50/containers/create?name=by-api",
        headers: { "Content-Type": "application/json" },
      };
      const sent = request(options, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode!));
      });
      sent.on("error", reject);
      sent.end(JSON.stringify(body));
    });
  }
});
