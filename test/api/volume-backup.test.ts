import { describe, expect, test } from "bun:test";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { getXattr, setXattr } from "../../src/os/linux/xattr.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";
import { volumeSteps } from "./volume-steps.ts";

const GANTRY = fileURLToPath(new URL("../../gantry", import.meta.url));

describe("data in volumes", () => {
  const harness = useEngine();
  const { docker, run, shell } = volumeSteps(harness);
  const gantry = (...args: string[]) =>
    runCommand([GANTRY, "-H", harness.engine.host, "--no-autostart", ...args], {
      env: { DOCKER_CONTEXT: undefined },
    });
  const done = (stdout: string) => ({ stdout, stderr: "", code: 0 });
  const dataOf = (volume: string) => join(harness.engine.dataRoot, "volumes", volume, "_data");

  describe("as the books tell it", () => {
    test("a volume is created, listed, inspected and pruned", async () => {
      expect(await docker("volume", "create", "myvol")).toEqual(done("myvol\n"));
      expect(await docker("volume", "ls")).toEqual(done("DRIVER    VOLUME NAME\nlocal     myvol\n"));
      const inspected = (await docker("volume", "inspect", "myvol")).stdout;
      const createdAt = /"CreatedAt": "(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"/.exec(inspected)?.[1];
      expect(inspected).toBe(
        `[
    {
        "CreatedAt": "${createdAt}",
        "Driver": "local",
        "Labels": null,
        "Mountpoint": "${dataOf("myvol")}",
        "Name": "myvol",
        "Options": null,
        "Scope": "local"
    }
]
`,
      );
      expect(await harness.docker(["volume", "prune", "--all"], { stdin: "y\n" })).toEqual(
        done(
          `WARNING! This will remove all local volumes not used by at least one container.
Are you sure you want to continue? [y/N] Deleted Volumes:
myvol

Total reclaimed space: 0B
`,
        ),
      );
      expect(await docker("volume", "ls")).toEqual(done("DRIVER    VOLUME NAME\n"));
    });

    test("a volume that is missing is made, is not removed while it is used, and outlives its container", async () => {
      const mount = ["--mount", "source=bizvol,target=/vol"];
      const { stdout } = await docker(
        "container",
        "run",
        "-dit",
        "--name",
        "voltainer",
        ...mount,
        TEST_IMAGE,
      );
      const id = stdout.trim();
      expect(await docker("volume", "ls")).toEqual(done("DRIVER    VOLUME NAME\nlocal     bizvol\n"));
      expect(await docker("volume", "rm", "bizvol")).toEqual({
        stdout: "",
        stderr: `Error response from daemon: remove bizvol: volume is in use - [${id}]\n`,
        code: 1,
      });
      const sentence = "I promise to write a review of the book on Amazon";
      await docker("exec", "voltainer", "sh", "-c", `echo "${sentence}" > /vol/file1`);
      expect((await docker("exec", "voltainer", "ls", "-l", "/vol")).stdout).toMatch(
        /^total 4\n-rw-r--r-- {4}1 root {5}root {12}50 \w{3} .\d \d\d:\d\d file1\n$/,
      );
      expect(await docker("container", "rm", "voltainer", "-f")).toEqual(done("voltainer\n"));
      expect(await docker("volume", "ls")).toEqual(done("DRIVER    VOLUME NAME\nlocal     bizvol\n"));
      expect(readFileSync(join(dataOf("bizvol"), "file1"), "utf8")).toBe(`${sentence}\n`);
      expect((await shell("cat /vol/file1", ...mount)).stdout).toBe(`${sentence}\n`);
      expect(await docker("volume", "rm", "bizvol")).toEqual(done("bizvol\n"));
    });

    test("what the host writes into a volume is seen at once", async () => {
      await docker("run", "-d", "--name", "watcher", "-v", "seen:/v", TEST_IMAGE, "sleep", "1000");
      writeFileSync(join(dataOf("seen"), "file"), "from the host\n");
      expect(await docker("exec", "watcher", "cat", "/v/file")).toEqual(done("from the host\n"));
      await docker("rm", "-f", "watcher");
    });

    test("a data volume is backed up from a stopped container and restored into another, byte for byte", async () => {
      const directory = join(harness.engine.directory, "backup");
      mkdirSync(directory);
      const fill =
        "mkdir -p /dbdata/base; head -c 300000 /dev/urandom > /dbdata/base/1; ln -s base/1 /dbdata/current; chown -R 70:70 /dbdata";
      await docker("run", "-v", "/dbdata", "--name", "dbstore", TEST_IMAGE, "sh", "-ec", fill);
      expect(
        await run(
          ...["--volumes-from", "dbstore", "-v", `${directory}:/backup`, TEST_IMAGE],
          ...["tar", "cvf", "/backup/backup.tar", "/dbdata"],
        ),
      ).toMatchObject({ stdout: "dbdata/\ndbdata/base/\ndbdata/base/1\ndbdata/current\n", code: 0 });
      await docker("run", "-v", "/dbdata", "--name", "dbstore2", TEST_IMAGE, "true");
      const restore = "cd /dbdata && tar xf /backup/backup.tar --strip-components 1";
      expect(await shell(restore, "--volumes-from", "dbstore2", "-v", `${directory}:/backup`)).toMatchObject({
        stdout: "",
        code: 0,
      });
      // The tar of busybox gives links and the directory it starts in to root.
      const look = "cd /dbdata; find base -exec stat -c '%n %F %u:%g %a %s' {} + | sort; sha256sum current";
      const [one, two] = await Promise.all(
        ["dbstore", "dbstore2"].map((name) => shell(look, "--volumes-from", name)),
      );
      expect(one!.stdout).toContain("base/1 regular file 70:70 644 300000\n");
      expect(two).toEqual(one!);
      expect(await docker("rm", "-v", "dbstore", "dbstore2")).toEqual(done("dbstore\ndbstore2\n"));
      expect((await docker("volume", "ls", "-q", "-f", "dangling=true")).stdout).toBe("seen\n");
    });
  });

  describe("beyond docker", () => {
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

    test("holes and attributes are kept by copies and archives", async () => {
      const bytes = 64 << 20;
      await docker("volume", "create", "sparse");
      const file = openSync(join(dataOf("sparse"), "file"), "w");
      ftruncateSync(file, bytes);
      closeSync(file);
      writeFileSync(join(dataOf("sparse"), "noted"), "data");
      setXattr(join(dataOf("sparse"), "noted"), "user.note", Buffer.of(1, 0, 255));
      const archive = join(harness.engine.directory, "sparse.tar");
      expect((await gantry("volume", "export", "-o", archive, "sparse")).stderr).toBe("");
      expect((await gantry("volume", "import", "sparse2", archive)).stdout).toBe("sparse2\n");
      expect((await gantry("volume", "clone", "sparse", "sparse3")).stdout).toBe("sparse3\n");
      for (const name of ["sparse", "sparse2", "sparse3"]) {
        const { size, blocks } = statSync(join(dataOf(name), "file"));
        expect([name, size, blocks * 512 < 1 << 20]).toEqual([name, bytes, true]);
        expect(getXattr(join(dataOf(name), "noted"), "user.note")).toEqual(Buffer.of(1, 0, 255));
      }
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

    test("a volume has the owner and mode it was asked for, whatever the image has, and so has its clone", async () => {
      await docker("volume", "create", "-o", "uid=33", "-o", "gid=34", "-o", "mode=2770", "owned");
      const owner = (name: string) =>
        shell("stat -c '%u:%g %a' /etc; ls /etc/passwd", "-v", `${name}:/etc`, "--user", "0:0");
      expect(await owner("owned")).toEqual(done("33:34 2770\n/etc/passwd\n"));
      await gantry("volume", "clone", "owned", "owned2");
      expect(await owner("owned2")).toEqual(done("33:34 2770\n/etc/passwd\n"));
      const { stdout } = await docker("volume", "inspect", "--format", "{{json .Options}}", "owned2");
      expect(stdout).toBe('{"gid":"34","mode":"2770","uid":"33"}\n');
    });

    test("a volume that nobody has takes another name along with all that it has", async () => {
      await shell("echo kept > /v/file", "-v", "before:/v");
      expect(await gantry("volume", "rename", "before", "after")).toEqual(done("after\n"));
      expect((await docker("volume", "inspect", "before")).code).toBe(1);
      expect((await shell("cat /v/file", "-v", "after:/v")).stdout).toBe("kept\n");
      const refused = async (from: string, to: string) => (await gantry("volume", "rename", from, to)).stderr;
      expect(await refused("gone", "other")).toContain("get gone: no such volume");
      expect(await refused("after", "origin")).toContain("volume origin already exists");
      expect(await refused("after", "a/b")).toContain("includes invalid characters for a local volume name");
      await docker("create", "--name", "holder", "-v", "after:/v", TEST_IMAGE);
      expect(await refused("after", "free")).toContain("volume is in use - [");
      await docker("rm", "holder");
      expect((await docker("volume", "rm", "after")).stdout).toBe("after\n");
    });

    test("sizes are listed", async () => {
      await shell("head -c 200000 /dev/zero > /v/big", "-v", "sized:/v");
      await docker("create", "--name", "sizer", "-v", "sized:/v", TEST_IMAGE);
      const { stdout } = await gantry("volume", "ls", "--size", "-f", "name=^sized$");
      expect(stdout).toMatch(/^DRIVER +VOLUME NAME +LINKS +SIZE\nlocal +sized +1 +20\d(\.\d)?kB\n$/);
      await docker("rm", "sizer");
    });
  });
});
