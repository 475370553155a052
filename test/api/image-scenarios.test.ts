import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { registerEmulator } from "../fixtures/emulator.ts";
import { startSearchIndex, startTamperer } from "../fixtures/odd-registries.ts";
import { startRegistry, type TestRegistry } from "../fixtures/registry.ts";
import { runOrThrow } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

/** What people do with images, in the order of a beginner's book, by docker's own command line. */
describe("images, as the books have it", () => {
  const harness = useEngine();
  let registry: TestRegistry;
  let repository: string;

  const docker = (...args: string[]) => harness.docker(args);
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await docker(args[0]!, ...args.slice(1));
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout.trimEnd();
  };
  const lines = async (...args: string[]) => (await out(...args)).split("\n").filter((line) => line !== "");
  const idOf = (name: string) => out("inspect", "-f", "{{.Id}}", name);
  const layersOf = async (name: string): Promise<string[]> =>
    JSON.parse(await out("inspect", "-f", "{{json .RootFS.Layers}}", name));
  const short = (id: string) => id.replace("sha256:", "").slice(0, 12);

  /** Makes an image of what a shell command changes in another one, and pushes it. */
  async function derive(from: string, command: string, name: string, ...changes: string[]) {
    const container = await out("create", "--network", "none", from, "sh", "-c", command);
    await out("start", "-a", container);
    await out("commit", ...changes.flatMap((change) => ["-c", change]), container, name);
    await out("rm", container);
    await out("push", "-q", name);
  }

  beforeAll(async () => {
    registry = await startRegistry();
    repository = `${registry.address}/demo/tu-demo`;
    const base = `${registry.address}/library/alpine:latest`;
    await out("save", "-o", join(harness.engine.directory, "kept.tar"), TEST_IMAGE);
    await out("tag", TEST_IMAGE, base);
    await out("push", "-q", base);
    await derive(base, "echo one > /file1; echo old > /file5", `${repository}:v1`, 'CMD ["sh"]');
    await derive(
      `${repository}:v1`,
      "echo new > /file5",
      `${repository}:v2`,
      "ENV A=b",
      "EXPOSE 80",
      "LABEL a=b",
    );
    await out("tag", `${repository}:v1`, `${repository}:latest`);
    await out("push", "-q", `${repository}:latest`);
    await out("rmi", `${repository}:v1`, `${repository}:v2`, `${repository}:latest`, base);
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
  });

  test("an image in use is not deleted, by name or by id, while its container runs or has ended", async () => {
    const name = `${repository}:v1`;
    const container = await out("run", "-d", "--network", "none", name, "sleep", "1000");
    const id = await idOf(name);
    const refusal = `Error response from daemon: conflict: unable to remove repository reference "${name}" (must force) - container ${container.slice(0, 12)} is using its referenced image ${short(id)}\n`;
    expect(await docker("image", "rm", name)).toEqual({ code: 1, stdout: "", stderr: refusal });
    const byId = `Error response from daemon: conflict: unable to delete ${short(id)} (cannot be forced) - image is being used by running container ${container.slice(0, 12)}\n`;
    expect((await docker("image", "rm", "-f", short(id))).stderr).toBe(byId);
    await out("kill", container);
    expect((await docker("image", "rm", name)).stderr).toBe(refusal);
    expect((await docker("image", "rm", short(id))).stderr).toContain(
      `(must be forced) - image is being used by stopped container ${container.slice(0, 12)}\n`,
    );
    await out("rm", container);
    expect((await lines("image", "rm", name))[0]).toBe(`Untagged: ${name}`);
  });

  test("all tags: layers that are there already are not fetched again, one image may have two names", async () => {
    const pulled = await lines("pull", "-a", repository);
    expect(pulled.filter((line) => line.endsWith(": Already exists")).length).toBeGreaterThanOrEqual(4);
    expect(pulled.at(-1)).toBe(repository);
    const rows = await lines("image", "ls", "--format", "{{.Tag}} {{.ID}}", repository);
    const ids = Object.fromEntries(rows.map((row) => row.split(" ")));
    expect(Object.keys(ids).sort()).toEqual(["latest", "v1", "v2"]);
    expect(ids["v1"]).toBe(ids["latest"]);
    expect(ids["v2"]).not.toBe(ids["v1"]);
  });

  test("names: with a tag, without, by digest, of a registry that is not there", async () => {
    const alpine = `${registry.address}/library/alpine`;
    const pulled = await lines("pull", alpine);
    expect(pulled[0]).toBe("Using default tag: latest");
    const digest = pulled.find((line) => line.startsWith("Digest: "))!.replace("Digest: ", "");
    expect(await lines("image", "ls", "--digests", "--format", "{{.Digest}}", alpine)).toEqual([digest]);
    const removed = await lines("image", "rm", `${alpine}:latest`);
    expect(removed.filter((line) => line.startsWith("Untagged: "))).toEqual([
      `Untagged: ${alpine}:latest`,
      `Untagged: ${alpine}@${digest}`,
    ]);
    const byDigest = await lines("pull", `${alpine}@${digest}`);
    expect(byDigest[0]).toBe(`${digest}: Pulling from library/alpine`);
    expect(byDigest.slice(-2)).toEqual([
      `Status: Downloaded newer image for ${alpine}@${digest}`,
      `${alpine}@${digest}`,
    ]);
    await out("image", "rm", `${alpine}@${digest}`);
    const nowhere = await docker("pull", "127.0.0.1:1/nigelpoulton/tu-demo:v2");
    expect(nowhere.code).toBe(1);
    expect(nowhere.stderr).toContain("127.0.0.1:1: connect: connection refused");
  });

  test("layers: a line of the pull for each, and inspect tells them; instructions alone make none", async () => {
    await out("image", "rm", "-f", `${repository}:v1`, `${repository}:v2`, `${repository}:latest`);
    const pulled = await lines("pull", `${repository}:v2`);
    const layers = await layersOf(`${repository}:v2`);
    expect(layers.length).toBe(3);
    const complete = pulled.filter((line) => /: (?:Pull complete|Already exists)$/.test(line));
    expect(complete.length).toBe(3);
    const files = await out(
      "run",
      "--rm",
      "--network",
      "none",
      `${repository}:v2`,
      "cat",
      "/file1",
      "/file5",
    );
    expect(files).toBe("one\nnew");
    await out("pull", "-q", `${repository}:v1`);
    expect((await layersOf(`${repository}:v1`)).slice(0, 2)).toEqual(layers.slice(0, 2));
    const history = await lines("history", "--format", "{{.Size}} {{.CreatedBy}}", `${repository}:v2`);
    expect(history.length).toBe(3);
  });

  test("a shared layer stays until its last image goes", async () => {
    const folder = join(harness.engine.dataRoot, "snapshots");
    const count = () =>
      readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
        (entry) => entry.isFile() && entry.name === "file1",
      ).length;
    expect(count()).toBe(1);
    await out("image", "rm", `${repository}:v2`);
    expect(count()).toBe(1);
    await out("image", "rm", `${repository}:v1`);
    expect(count()).toBe(0);
  });

  test("filters and formats", async () => {
    for (const tag of ["v1", "v2"]) await out("pull", "-q", `${repository}:${tag}`);
    await out("tag", `${repository}:v1`, "other:latest");
    const listed = async (...filters: string[]) => {
      const flags = filters.flatMap((filter) => ["--filter", filter]);
      return (await lines("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", ...flags)).sort();
    };
    const [v1, v2] = [`${repository}:v1`, `${repository}:v2`];
    expect(await listed("dangling=false")).toEqual([v1, v2, "other:latest", TEST_IMAGE].sort());
    expect(await listed("dangling=true")).toEqual([]);
    expect(await listed("label=a=b")).toEqual([v2]);
    expect(await listed("label=a")).toEqual([v2]);
    expect(await listed("label=a=c")).toEqual([]);
    expect(await listed(`before=${v2}`)).toEqual([v1, "other:latest", TEST_IMAGE].sort());
    expect(await listed(`since=${v1}`)).toEqual([v2]);
    expect(await listed("reference=*:latest")).toEqual(["other:latest"]);
    expect(await listed("reference=*/*:latest")).toEqual([TEST_IMAGE]);
    expect(await listed("reference=other", `reference=${repository}:v*`)).toEqual(
      [v1, v2, "other:latest"].sort(),
    );
    expect(await listed("until=24h")).toEqual([]);
    expect(await listed(`until=${new Date(Date.now() + 60_000).toISOString()}`)).toHaveLength(4);
    expect((await docker("image", "ls", "--filter", "color=red")).stderr).toBe(
      "Error response from daemon: invalid filter 'color'\n",
    );
    expect((await docker("image", "ls", "--filter", "before=nothing")).stderr).toBe(
      "Error response from daemon: No such image: nothing:latest\n",
    );
    expect(await lines("image", "ls", "-q", v1)).toEqual([short(await idOf(v1))]);
    expect(await lines("image", "ls", "-q", "--no-trunc", v1)).toEqual([await idOf(v1)]);
    expect(await out("image", "ls", "--format", "{{.Size}}", v1)).toMatch(/^\d+(\.\d+)?MB$/);
    expect(await out("image", "ls", "--format", "{{.Repository}}: {{.Tag}}: {{.ID}}", "other")).toBe(
      `other: latest: ${short(await idOf("other"))}`,
    );
    await out("rmi", "other");
  });

  test("a name that moves on leaves a dangling image, which prune removes; prune -a takes what nobody uses", async () => {
    const [v1, v2] = [await idOf(`${repository}:v1`), await idOf(`${repository}:v2`)];
    for (const tag of ["v1", "v2"]) await out("tag", `${repository}:${tag}`, "dodge:challenger");
    await out("rmi", `${repository}:v1`);
    const container = await out("create", "dodge:challenger");
    const dangling = await out("commit", container, "dodge:second");
    await out("rm", container);
    await out("tag", "dodge:challenger", "dodge:second");
    expect(await lines("image", "ls", "-q", "--no-trunc", "--filter", "dangling=true")).toEqual([dangling]);
    expect(
      await out("image", "ls", "--filter", "dangling=true", "--format", "{{.Repository}} {{.Tag}}"),
    ).toBe("<none> <none>");
    const pruned = await lines("image", "prune", "-f");
    expect(pruned).toContain(`deleted: ${dangling}`);
    expect(pruned.at(-1)).toMatch(/^Total reclaimed space: /);
    expect((await docker("inspect", v1)).code).toBe(1);
    const kept = await out("create", `${repository}:v2`);
    const all = await lines("image", "prune", "-a", "-f");
    for (const gone of [TEST_IMAGE, "dodge:challenger", "dodge:second"])
      expect(all).toContain(`untagged: ${gone}`);
    // Of an image in use the name stays that its container was made by.
    expect(await lines("image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")).toEqual([
      `${repository}:v2 ${v2}`,
    ]);
    await out("rm", kept);
    await out("load", "-q", "-i", join(harness.engine.directory, "kept.tar"));
  });

  test("a tag that is pushed again is another image; the old digest stays what it was", async () => {
    const name = `${registry.address}/golftrack:1.5`;
    await out("tag", TEST_IMAGE, name);
    const push = async () => /digest: (sha256:[0-9a-f]{64})/.exec(await out("push", name))![1]!;
    const bad = await push();
    await derive(TEST_IMAGE, "echo fixed > /fixed", name);
    const good = await push();
    expect(good).not.toBe(bad);
    await out("rmi", "-f", name);
    expect(await out("pull", name)).toContain(`Digest: ${good}`);
    expect(await out("pull", `${registry.address}/golftrack@${bad}`)).toContain(`Digest: ${bad}`);
    await out("rmi", "-f", name, `${registry.address}/golftrack@${bad}`);
  });

  test("a layer that was altered on the way is found out", async () => {
    await using proxy = await startTamperer(registry.address);
    const noise = "dd if=/dev/urandom of=/noise bs=20k count=1 2>/dev/null";
    await derive(TEST_IMAGE, noise, `${registry.address}/altered:1`);
    await out("rmi", `${registry.address}/altered:1`);
    const { stderr, code } = await docker("pull", `${proxy.address}/altered:1`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^(?:unexpected commit|filesystem layer verification failed for) digest sha256:/);
    expect((await docker("inspect", `${proxy.address}/altered:1`)).code).toBe(1);
    await out("pull", "-q", `${registry.address}/altered:1`);
    await out("rmi", `${registry.address}/altered:1`);
  });

  test("the same command gives each machine its own platform; another one says so", async () => {
    const name = `${registry.address}/golang:latest`;
    const tar = join(harness.engine.directory, "busybox.tar");
    const own = (await out("version", "-f", "{{.Server.Arch}}")).trim();
    const other = own === "arm64" ? "amd64" : "arm64";
    const digests: string[] = [];
    for (const architecture of [own, other]) {
      await out(
        "import",
        "--platform",
        `linux/${architecture}`,
        "-c",
        `ENV ARCH=${architecture}`,
        tar,
        `${name}-${architecture}`,
      );
      digests.push(/digest: (\S+)/.exec(await out("push", `${name}-${architecture}`))![1]!);
    }
    const amend = ["manifest", "create", "--insecure", name, `${name}-${own}`, `${name}-${other}`];
    await out(...amend);
    await out("manifest", "push", "--insecure", name);
    await out("rmi", "-f", `${name}-${own}`, `${name}-${other}`);

    const run = (...flags: string[]) =>
      docker("run", "--rm", "--network", "none", ...flags, name, "sh", "-c", "echo $ARCH");
    const first = await run();
    expect(first.stdout).toBe(`${own}\n`);
    expect(first.stderr).toStartWith(`Unable to find image '${name}' locally\nlatest: Pulling from golang\n`);
    const foreign = await run("--platform", `linux/${other}`);
    expect([foreign.stdout, foreign.code]).toEqual([`${other}\n`, 0]);
    expect((await run()).stdout).toBe(`${own}\n`);
    expect(await lines("image", "ls", "-q", `${registry.address}/golang`)).toHaveLength(1);
    const architecture = ["image", "inspect", "-f", "{{.Architecture}}"];
    expect(await out(...architecture, "--platform", `linux/${other}`, name)).toBe(other);
    expect(await out(...architecture, name)).toBe(own);
    for (const digest of digests) expect(await out(...architecture, digest)).toMatch(/^(?:amd|arm)64$/);
    expect((await docker(...architecture, "--platform", "linux/s390x", name)).stderr).toContain(
      "was found but does not provide the specified platform (linux/s390x)",
    );

    await out("image", "rm", "--force", "--platform", `linux/${own}`, name);
    const mismatch = await run();
    expect(mismatch.stdout).toBe(`${other}\n`);
    expect(mismatch.stderr).toMatch(
      new RegExp(
        `^WARNING: The requested image's platform \\(linux/${other}\\) does not match the detected host platform \\(linux/${own}(/v\\d)?\\) and no specific platform was requested\n$`,
      ),
    );
    await out("rmi", name);
  });

  test("a program for another machine ends with a reason, and runs where the kernel knows an emulator", async () => {
    const own = await out("version", "-f", "{{.Server.Arch}}");
    const other = own === "s390x" ? "arm64" : "s390x";
    const directory = join(harness.engine.directory, "foreign");
    // The head of no real machine's programs: nobody else on this machine is handed to the emulator of this test.
    const head = Buffer.from(`\x7fELF\x02\x01\x01gantry${process.pid % 1000}\0\0\0`, "latin1").subarray(
      0,
      16,
    );
    mkdirSync(join(directory, "bin"), { recursive: true });
    const program = Buffer.concat([head, Buffer.from([2, 0, 0xfe, 0xca]), Buffer.alloc(100)]);
    writeFileSync(join(directory, "bin/echo"), program, { mode: 0o755 });
    await runOrThrow(["tar", "-C", directory, "-cf", join(directory, "../foreign.tar"), "."]);
    await out("import", "--platform", `linux/${other}`, join(directory, "../foreign.tar"), "foreign");
    const run = [
      "run",
      "--rm",
      "--network",
      "none",
      "--platform",
      `linux/${other}`,
      "foreign",
      "/bin/echo",
      "emulated",
    ];
    const { code, stderr } = await docker(...run);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`runs programs of linux/${other} only through an emulator`);
    expect(stderr.toLowerCase()).toMatch(/exec format error\n$/);
    using emulator = registerEmulator(join(harness.engine.directory, "binfmt"), head);
    if (emulator.registered) expect((await docker(...run)).stdout).toBe("emulated\n");
    await out("rmi", "foreign");
  });

  test("save: several images, a repository with all its tags, to a file and to stdout", async () => {
    for (const tag of ["v1", "v2"]) await out("pull", "-q", `${repository}:${tag}`);
    const file = join(harness.engine.directory, "several.tar");
    await out("save", "-o", file, repository, TEST_IMAGE);
    const { stdout } = await docker("save", `${repository}:v1`);
    expect(stdout.length).toBeGreaterThan(0);
    const ids = [await idOf(`${repository}:v1`), await idOf(`${repository}:v2`), await idOf(TEST_IMAGE)];
    const tree = join(harness.engine.directory, "several");
    await runOrThrow(["mkdir", tree]);
    await runOrThrow(["tar", "-xf", file, "-C", tree]);
    const manifest = JSON.parse(readFileSync(join(tree, "manifest.json"), "utf8"));
    expect(manifest.map((entry: { RepoTags: string[] }) => entry.RepoTags).sort()).toEqual(
      [[`${repository}:v1`], [`${repository}:v2`], [TEST_IMAGE]].sort(),
    );
    await out("rmi", "-f", ...ids);
    const { stdout: loaded } = await harness.docker(["load"], { stdin: await Bun.file(file).bytes() });
    expect(loaded.trim().split("\n").sort()).toEqual(
      [
        `Loaded image: ${repository}:v1`,
        `Loaded image: ${repository}:v2`,
        `Loaded image: ${TEST_IMAGE}`,
      ].sort(),
    );
    const again = [await idOf(`${repository}:v1`), await idOf(`${repository}:v2`), await idOf(TEST_IMAGE)];
    expect(again).toEqual(ids);
    expect((await docker("save", "nothing")).stderr).toBe(
      "Error response from daemon: No such image: nothing:latest\n",
    );
  });

  test("search: by a registry's index, and by its catalog where it has none", async () => {
    const rows = await lines("search", "--format", "{{.Name}}", `${registry.address}/tu`);
    expect(rows).toEqual(["demo/tu-demo"]);
    await using index = await startSearchIndex();
    const table = await lines("search", `${index.address}/alpine`);
    expect(table[0]).toMatch(/^NAME +DESCRIPTION +STARS +OFFICIAL$/);
    expect(table.length).toBe(26);
    expect(table[1]).toMatch(/^alpine +A minimal image +99 +\[OK\]$/);
    const count = async (...flags: string[]) =>
      (await lines("search", "--format", "{{.Name}}", ...flags, `${index.address}/alpine`)).length;
    expect(await count("--limit", "100")).toBe(100);
    expect(await count("--filter", "is-official=true")).toBe(1);
    expect(await count("--filter", "stars=90")).toBe(10);
    expect((await docker("search", "--limit", "101", `${index.address}/alpine`)).stderr).toContain(
      "limit 101 is outside the range of [1, 100]",
    );
  });

  test("remove by id, and everything at once", async () => {
    const id = await idOf(`${repository}:v2`);
    expect(await lines("image", "rm", "-f", short(id))).toContain(`Deleted: ${id}`);
    await out("tag", TEST_IMAGE, "a:1");
    await out("tag", TEST_IMAGE, "b:1");
    const several = await docker("image", "rm", short(await idOf(TEST_IMAGE)));
    expect(several.stderr).toContain("(must be forced) - image is referenced in multiple repositories");
    const ids = await lines("image", "ls", "-q");
    for (const each of ids) expect(each).toMatch(/^[0-9a-f]{12}$/);
    await out("image", "rm", "-f", ...new Set(ids));
    expect(await lines("image", "ls")).toEqual([
      expect.stringMatching(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/),
    ]);
  });
});
