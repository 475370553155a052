import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pack } from "tar-stream";
import { runOrThrow } from "../fixtures/run-command.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

type Link = readonly [path: string, target: string];

async function tarOfLinks(links: readonly Link[]): Promise<Buffer> {
  const tar = pack();
  for (const [name, linkname] of links) tar.entry({ name, linkname, type: "symlink" });
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe("an image whose directories are links to places of the host", () => {
  const harness = useEngine();
  const host = makeTempDir("attack");
  /** A directory of the host, with a file; both as they were when the tests began. */
  const marker = join(host.path, "marker");
  const state = () => ({
    entries: readdirSync(marker, { recursive: true }).sort(),
    content: createHash("sha256")
      .update(readFileSync(join(marker, "file")))
      .digest("hex"),
    changedMs: statSync(marker).mtimeMs,
    mounts: readFileSync("/proc/self/mounts", "utf8").includes(marker),
  });
  let before: ReturnType<typeof state>;

  beforeAll(() => {
    mkdirSync(marker);
    writeFileSync(join(marker, "file"), "host");
    before = state();
  });
  afterAll(() => host[Symbol.dispose]());

  /** The busybox image with its own entries of those names replaced by links. */
  const importImage = async (name: string, links: readonly Link[]) => {
    const { docker, engine } = harness;
    const tar = join(engine.directory, `${name}.tar`);
    writeFileSync(join(engine.directory, "links.tar"), await tarOfLinks(links));
    const taken = links.map(([path]) => `--exclude=./${path}`).join(" ");
    await runOrThrow([
      "sh",
      "-c",
      `tar -C '${join(engine.directory, "busybox")}' ${taken} -cf '${tar}' . && tar -Af '${tar}' '${join(engine.directory, "links.tar")}'`,
    ]);
    const { code, stderr } = await docker(["import", tar, `evil/${name}`]);
    if (code !== 0) throw new Error(stderr);
    return `evil/${name}`;
  };
  const up = "../../../../../../../../../..";

  const cases: ReadonlyArray<readonly [name: string, links: (at: string) => Link[], flags: string[]]> = [
    ["dev", (at) => [["dev", at]], []],
    ["proc", (at) => [["proc", at]], []],
    ["sys", (at) => [["sys", at]], []],
    ["etc", (at) => [["etc", at]], []],
    ["sbin", (at) => [["sbin", at]], ["--init"]],
    ["data", (at) => [["data", at]], ["-v", "/data/volume", "--tmpfs", "/data/memory"]],
    ["volume", (at) => [["data", at]], ["-v", "/data"]],
    ["bind", (at) => [["data", at]], ["--mount", "type=bind,src=/usr,dst=/data/deep/er"]],
    ["place", (at) => [["srv", at]], ["-w", "/srv/deep/er"]],
    [
      "hosts",
      (at) => [
        ["etc/hosts", `${at}/file`],
        ["etc/resolv.conf", `${at}/new`],
      ],
      [],
    ],
    [
      "ends",
      (at) => [
        ["etc/passwd", `${at}/file`],
        ["etc/group", `${at}/file`],
      ],
      ["-u", "0"],
    ],
  ];

  test.each(cases)("%s", async (name, links, flags) => {
    const { docker } = harness;
    for (const at of [marker, `${up}${marker}`]) {
      const image = await importImage(name, links(at));
      // Whether it runs is the image's own business; what it does to the host is not.
      await docker([
        "run",
        "--rm",
        ...flags,
        image,
        "sh",
        "-c",
        "echo in > /data/x; echo in > /etc/hosts; ls /",
      ]);
      const { stdout } = await docker(["create", ...flags, image, "true"]);
      await docker(["cp", stdout.trim(), "-"]);
      await docker(["rm", "-f", stdout.trim()]);
      await docker(["rmi", "-f", image]);
      expect(state()).toEqual(before);
    }
  });

  test("proc and dev are the kernel's own wherever the image's lead", async () => {
    const { docker } = harness;
    const image = await importImage("inside", [
      ["dev", "/tmp/dev"],
      ["sys", "tmp"],
    ]);
    const script = "test -c /dev/null && test -c /tmp/dev/zero && head -c 2 /dev/zero | wc -c";
    const { stdout, stderr, code } = await docker(["run", "--rm", image, "sh", "-c", script]);
    // A runtime may refuse such an image; one that takes it gives it devices.
    if (code === 0) expect(stdout).toBe("2\n");
    else expect(stderr).toContain("OCI runtime create failed");
    await docker(["rmi", "-f", image]);
  });

  test("VOLUME /../../etc is the container's /etc, filled from the image's", async () => {
    const { docker, engine } = harness;
    const outward = `/../../..${marker}`;
    const tar = join(engine.directory, "busybox.tar");
    const volumes = ["--change", "VOLUME /../../etc", "--change", `VOLUME ${outward}`];
    expect((await docker(["import", ...volumes, tar, "evil/volumes"])).code).toBe(0);
    const script = `cat /etc/passwd | head -1; touch /etc/mine ${marker}/mine; ls ${marker}; grep -c ' /etc ' /proc/mounts`;
    const { stdout } = await docker(["run", "--rm", "evil/volumes", "sh", "-c", script]);
    expect(stdout).toBe("root:x:0:0:root:/root:/bin/sh\nmine\n1\n");
    expect(existsSync("/etc/mine")).toBe(false);
    expect(state()).toEqual(before);
    await docker(["rmi", "-f", "evil/volumes"]);
  });

  test("labels of an image steer nothing", async () => {
    const { docker, engine } = harness;
    const tar = join(engine.directory, "busybox.tar");
    const hook = `run.oci.hooks.stdout=${join(marker, "hook")}`;
    await docker([
      "import",
      "--change",
      `LABEL ${hook} io.kubernetes.cri-o.userns-mode=auto`,
      tar,
      "evil/labels",
    ]);
    const { stdout } = await docker(["run", "-d", "--name", "labelled", "evil/labels", "sleep", "100"]);
    const bundle = join(engine.runRoot, "bundles", stdout.trim(), "config.json");
    const document = JSON.parse(readFileSync(bundle, "utf8")) as { annotations?: Record<string, string> };
    const annotations = Object.keys(document.annotations ?? {});
    expect(annotations.filter((key) => key.includes("hooks") || key.includes("kubernetes"))).toEqual([]);
    await docker(["rm", "-f", "labelled"]);
    await docker(["rmi", "-f", "evil/labels"]);
    expect(state()).toEqual(before);
  });

  test.each([
    {
      Devices: [{ PathOnHost: "/dev/null", PathInContainer: `${up}HERE/node`, CgroupPermissions: "rwm" }],
    },
    { Devices: [{ PathOnHost: "/dev/null", PathInContainer: `/${up}HERE/node`, CgroupPermissions: "rwm" }] },
    { MaskedPaths: [`${up}HERE`] },
    { ReadonlyPaths: [`/${up}HERE`] },
    { CgroupParent: `${up}HERE/group` },
    { Tmpfs: { [`/${up}HERE`]: "" } },
    { Binds: [`/usr:/${up}HERE/bound`] },
    { Sysctls: { [`net.${up}HERE/value`]: "1" } },
  ])("paths that climb: %j", async (wanted) => {
    const { engine } = harness;
    const HostConfig = JSON.parse(JSON.stringify(wanted).replaceAll("HERE", marker)) as object;
    const call = async (path: string, body?: object) => {
      const response = await fetch(`http://engine/v1.51/containers/${path}`, {
        unix: engine.socketPath,
        method: body || path.endsWith("/start") ? "POST" : "DELETE",
        ...(body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {}),
      });
      return (await response.text()) || "{}";
    };
    const created = await call("create", { Image: TEST_IMAGE, Cmd: ["true"], HostConfig });
    const { Id: id } = JSON.parse(created) as { Id?: string };
    if (id) {
      await call(`${id}/start`);
      await call(`${id}?force=1`);
    }
    expect(state()).toEqual(before);
    // The parent of a container's group is whoever's it is that named it.
    await runOrThrow([
      "sh",
      "-c",
      `find /sys/fs/cgroup -depth -type d -path '*${host.path}*' -exec rmdir {} +`,
    ]);
    await runOrThrow(["sh", "-c", "rmdir /sys/fs/cgroup/tmp /sys/fs/cgroup/*/tmp 2>/dev/null; true"]);
  });

  test("mount destinations that are swapped for links while containers start", async () => {
    const { docker } = harness;
    const flags = ["--network", "none", "-v", "race:/race"];
    const swap = `cd /race; mkdir -p dir; while :; do
      ln -s ${up}${marker} link; mv dir spare; mv link dir; rm dir; mv spare dir; done 2>/dev/null`;
    await docker(["run", "-d", "--name", "swapper", ...flags, TEST_IMAGE, "sh", "-c", swap]);
    const starts = Array.from(
      { length: 12 },
      () => () =>
        docker([
          "run",
          "--rm",
          ...flags,
          "-v",
          "inner:/race/dir/mounted",
          TEST_IMAGE,
          "touch",
          "/race/dir/mounted/x",
        ]),
    );
    while (starts.length > 0) await Promise.all(starts.splice(0, 3).map((start) => start()));
    await docker(["rm", "-f", "swapper"]);
    expect(state()).toEqual(before);
    await docker(["volume", "rm", "race", "inner"]);
  });
});
