import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { mount, setPropagation, unmountBelow } from "../../src/os/linux/mount.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";
import { volumeSteps } from "./volume-steps.ts";

describe("mounts of every kind with the docker command line", () => {
  const harness = useEngine();
  const { docker, shell, buildImage, inspect } = volumeSteps(harness);

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

    test("a file that the host replaces by another stays the file that was bound", async () => {
      const directory = join(harness.engine.directory, "replaced");
      mkdirSync(directory);
      writeFileSync(join(directory, "file"), "first");
      await docker(
        "run",
        "-d",
        "--name",
        "reader",
        "-v",
        `${directory}/file:/f`,
        TEST_IMAGE,
        "sleep",
        "1000",
      );
      writeFileSync(join(directory, "new"), "second");
      renameSync(join(directory, "new"), join(directory, "file"));
      expect((await docker("exec", "reader", "cat", "/f")).stdout).toBe("first");
      await docker("restart", "-t", "0", "reader");
      expect((await docker("exec", "reader", "cat", "/f")).stdout).toBe("second");
      await docker("rm", "-f", "reader");
    });

    test("mounts made meanwhile are seen as the propagation says", async () => {
      const shared = join(harness.engine.directory, "propagating");
      mkdirSync(shared);
      await mount({ source: "tmpfs", target: shared, fsType: "tmpfs" });
      try {
        setPropagation(shared, "shared");
        mkdirSync(join(shared, "host"));
        mkdirSync(join(shared, "container"));
        for (const mode of ["rslave", "rshared", "rprivate"]) {
          const bind = ["--privileged", "-v", `${shared}:/x:${mode}`];
          expect(
            (await docker("run", "-d", "--name", mode, ...bind, TEST_IMAGE, "sleep", "1000")).stderr,
          ).toBe("");
        }
        await mount({ source: "tmpfs", target: join(shared, "host"), fsType: "tmpfs" });
        writeFileSync(join(shared, "host/file"), "");
        const seen = async (mode: string) =>
          (await docker("exec", mode, "ls", "/x/host", "/x/container")).stdout;
        const make = "mount -t tmpfs tmpfs /x/container && touch /x/container/made";
        for (const mode of ["rprivate", "rslave"]) {
          await docker("exec", mode, "sh", "-ec", make);
          expect(readdirSync(join(shared, "container"))).toEqual([]);
        }
        expect(await seen("rprivate")).toBe("/x/container:\nmade\n\n/x/host:\n");
        expect(await seen("rslave")).toBe("/x/container:\nmade\n\n/x/host:\nfile\n");
        await docker("exec", "rshared", "sh", "-ec", make);
        expect(readdirSync(join(shared, "container"))).toEqual(["made"]);
      } finally {
        await docker("rm", "-f", "rslave", "rshared", "rprivate");
        await unmountBelow(shared, { detach: true });
      }
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
      const flat = `type=bind,src=${source},dst=/all,bind-recursive=disabled`;
      expect((await shell("ls /all/inner/_data", "--mount", flat)).stdout).toBe("");
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

    test("what hides /proc is refused, what lxcfs puts there is not", async () => {
      const refused = await shell("true", "-v", "/proc/sys");
      expect(refused.stderr).toContain('"/proc/sys" cannot be mounted because it is inside /proc');
      expect((await shell("true", "-v", "/etc:/proc")).stderr).toContain("because it is not of type proc");
      expect((await shell("grep -q Name /proc/1/status", "-v", "/proc:/proc")).code).toBe(0);
      const uptime = join(harness.engine.directory, "uptime");
      writeFileSync(uptime, "1.00 1.00\n");
      expect((await shell("cat /proc/uptime", "-v", `${uptime}:/proc/uptime`)).stdout).toBe("1.00 1.00\n");
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
      await docker("run", "--name", "keeper", ...mount(""), TEST_IMAGE, "cat", "/i/d/f");
      await docker("rmi", "-f", "test/files");
      await docker("image", "prune", "-af");
      expect((await docker("start", "-a", "keeper")).stdout).toBe("file\n");
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
    const shared = await shell(
      "grep ' / /[tu] ' /proc/self/mountinfo",
      "--tmpfs",
      "/t:shared",
      "--tmpfs",
      "/u",
    );
    expect(shared.stdout.match(/\/[tu] |shared/g)).toEqual(["/t ", "shared", "/u "]);
  });
});
