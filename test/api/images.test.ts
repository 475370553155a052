import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { debianRoot } from "../fixtures/debian-root.ts";
import { requireProgram } from "../fixtures/programs.ts";
import { startRegistry, type TestRegistry } from "../fixtures/registry.ts";
import { runOrThrow } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe("images", () => {
  const harness = useEngine();
  let registry: TestRegistry;
  let archive: string;
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout.trimEnd();
  };
  const runs = (image: string) => out("run", "--rm", "--network", "none", image, "echo", "runs");
  const place = (name: string) => join(harness.engine.directory, name);
  /** Copies an image from one form into another. */
  const skopeo = (...args: string[]) => runOrThrow([requireProgram("skopeo"), "--insecure-policy", ...args]);

  beforeAll(async () => {
    registry = await startRegistry();
    archive = place("saved.tar");
    await out("save", "-o", archive, TEST_IMAGE);
    await registry.push(`docker-archive:${archive}`, "test/busybox:v1");
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
  });

  test("pull from a registry", async () => {
    const name = `${registry.address}/test/busybox:v1`;
    const lines = (await out("pull", name)).split("\n");
    expect(lines[0]).toBe("v1: Pulling from test/busybox");
    expect(lines.find((line) => line.startsWith("Digest: "))).toMatch(/^Digest: sha256:[0-9a-f]{64}$/);
    expect(lines.slice(-2)).toEqual([`Status: Downloaded newer image for ${name}`, name]);
    expect(await runs(name)).toBe("runs");
    expect((await out("pull", name)).split("\n").slice(-2)).toEqual([
      `Status: Image is up to date for ${name}`,
      name,
    ]);

    const digest = lines.find((line) => line.startsWith("Digest: "))!.slice("Digest: ".length);
    await out("rmi", name);
    const byDigest = `${registry.address}/test/busybox@${digest}`;
    await out("pull", "-q", byDigest);
    expect(await runs(byDigest)).toBe("runs");
    await out("rmi", byDigest);
  });

  test("run pulls what is missing", async () => {
    const name = `${registry.address}/test/busybox:v1`;
    const { stdout, stderr, code } = await harness.docker(["run", "--rm", name, "echo", "pulled"]);
    expect([code, stdout]).toEqual([0, "pulled\n"]);
    expect(stderr).toStartWith(`Unable to find image '${name}' locally\nv1: Pulling from test/busybox\n`);
    await out("rmi", name);
  });

  test("a tag and a repository that the registry does not have", async () => {
    const tag = await harness.docker(["pull", `${registry.address}/test/busybox:no`]);
    expect([tag.code, tag.stderr]).toEqual([
      1,
      `Error response from daemon: manifest for ${registry.address}/test/busybox:no not found: manifest unknown: manifest unknown\n`,
    ]);
    const repository = await harness.docker(["run", "--rm", `${registry.address}/nobody/there`]);
    expect(repository.code).toBe(125);
    expect(repository.stderr).toContain(
      `Unable to find image '${registry.address}/nobody/there:latest' locally\n`,
    );
  });

  test("push and pull again", async () => {
    const name = `${registry.address}/pushed/here:2`;
    await out("tag", TEST_IMAGE, name);
    expect(await out("push", name)).toMatch(/\n2: digest: sha256:[0-9a-f]{64} size: \d+$/);
    await out("rmi", name);
    await out("pull", "-q", name);
    expect(await out("inspect", "-f", "{{.Id}}", name)).toBe(
      await out("inspect", "-f", "{{.Id}}", TEST_IMAGE),
    );
    await out("rmi", name);
  });

  test("save and load come out as the same image", async () => {
    const id = await out("inspect", "-f", "{{.Id}}", TEST_IMAGE);
    await out("rmi", TEST_IMAGE);
    expect(await out("load", "-i", archive)).toBe(`Loaded image: ${TEST_IMAGE}`);
    expect(await out("inspect", "-f", "{{.Id}}", TEST_IMAGE)).toBe(id);
    expect(await runs(TEST_IMAGE)).toBe("runs");
  });

  test("load of a docker archive that skopeo wrote", async () => {
    const path = place("skopeo.tar");
    await skopeo("copy", `docker-archive:${archive}`, `docker-archive:${path}:example.test/other:9`);
    expect(await out("load", "-i", path)).toBe("Loaded image: example.test/other:9");
    expect(await runs("example.test/other:9")).toBe("runs");
    await out("rmi", "example.test/other:9");
  });

  test("load of an OCI layout archive, on stdin", async () => {
    const path = place("layout.tar");
    await skopeo("copy", `docker-archive:${archive}`, `oci-archive:${path}:example.test/oci:1`);
    const { stdout, code } = await harness.docker(["load"], { stdin: await Bun.file(path).bytes() });
    expect(code).toBe(0);
    const loaded = /^Loaded image(?: ID)?: (\S+)$/m.exec(stdout)?.[1];
    expect(loaded).toBeDefined();
    expect(await runs(loaded!)).toBe("runs");
    await out("rmi", loaded!);
  });

  test.each(["gzip", "zstd"])("load of an archive packed with %s", async (program) => {
    const packed = place(`packed.${program}`);
    await Bun.write(packed, Bun.spawnSync([requireProgram(program), "-c", archive]).stdout);
    expect(await out("load", "-q", "-i", packed)).toBe(`Loaded image: ${TEST_IMAGE}`);
  });

  test("import of a root tar with changes", async () => {
    const tree = place("tree");
    mkdirSync(join(tree, "bin"), { recursive: true });
    await Bun.$`cp /bin/busybox ${tree}/bin/busybox`.quiet();
    const tar = Bun.spawnSync(["tar", "-C", tree, "-c", "."]).stdout;
    const changes = ["-c", 'ENTRYPOINT ["/bin/busybox"]', "-c", "ENV A=b", "-c", "EXPOSE 80", "-m", "why"];
    const { stdout, code } = await harness.docker(["import", ...changes, "-", "imported:1"], { stdin: tar });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/)]);
    expect(await out("run", "--rm", "imported:1", "echo", "hi")).toBe("hi");
    expect(await out("inspect", "-f", "{{json .Config.ExposedPorts}} {{.Comment}}", "imported:1")).toBe(
      '{"80/tcp":{}} why',
    );
    await out("rmi", "imported:1");
  });

  test("import of an address, for another platform", async () => {
    const tar = place("busybox.tar");
    const served: string[] = [];
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => {
        served.push(new URL(request.url).pathname);
        return served.at(-1) === "/root.tar"
          ? new Response(Bun.file(tar))
          : new Response("no", { status: 404 });
      },
    });
    try {
      const address = `http://127.0.0.1:${server.port}`;
      const id = (await out("import", "--platform", "linux/arm64", `${address}/root.tar`, "fetched:1"))
        .split("\n")
        .at(-1)!;
      expect(await out("inspect", "-f", "{{.Id}} {{.Architecture}} {{.Comment}}", "fetched:1")).toBe(
        `${id} arm64 Imported from ${address}/root.tar`,
      );
      const missing = await harness.docker(["import", `${address}/nothing.tar`]);
      expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("404")]);
    } finally {
      await server.stop(true);
    }
    await out("rmi", "fetched:1");
  });

  test("rmi: untags, then removes; refuses what is in use", async () => {
    const id = await out("inspect", "-f", "{{.Id}}", TEST_IMAGE);
    await out("tag", TEST_IMAGE, "second:tag");
    expect(await out("rmi", "second:tag")).toBe("Untagged: second:tag");
    const container = await out("create", TEST_IMAGE);
    const { stderr, code } = await harness.docker(["rmi", TEST_IMAGE]);
    expect([code, stderr]).toEqual([
      1,
      `Error response from daemon: conflict: unable to remove repository reference "${TEST_IMAGE}" (must force) - container ${container.slice(0, 12)} is using its referenced image ${id.slice(7, 19)}\n`,
    ]);
    await out("rm", container);
    const { stdout } = await harness.docker(["rmi", TEST_IMAGE]);
    expect(stdout.split("\n")).toContain(`Untagged: ${TEST_IMAGE}`);
    expect(stdout.split("\n")).toContain(`Deleted: ${id}`);
    expect(await out("images", "-aq")).toBe("");
    await out("load", "-q", "-i", archive);
  });

  test("images and history", async () => {
    expect(await out("images", "--format", "{{.Repository}}:{{.Tag}}")).toBe(TEST_IMAGE);
    expect(await out("images")).toMatch(
      /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\ntest\/busybox +latest +[0-9a-f]{12} /,
    );
    expect(await out("history", "--format", "{{.Comment}}", TEST_IMAGE)).toContain("Imported from -");
  });

  test("a Debian system from a registry", async () => {
    const name = `${registry.address}/debian:bookworm`;
    const tar = place("debian.tar");
    await runOrThrow(["tar", "-C", await debianRoot(), "-cf", tar, "."]);
    await out("import", "-c", 'CMD ["bash"]', tar, name);
    await out("push", "-q", name);
    await out("rmi", name);
    await out("pull", "-q", name);
    expect(await out("run", "--rm", name, "bash", "-c", ". /etc/os-release; echo $VERSION_CODENAME")).toBe(
      "bookworm",
    );
    expect(await out("run", "--rm", name, "dpkg", "--verify", "coreutils")).toBe("");
    await out("rmi", name);
  }, 90_000);
});
