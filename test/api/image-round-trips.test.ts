import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDockerd } from "../fixtures/dockerd.ts";
import { findProgram, requireProgram } from "../fixtures/programs.ts";
import { startRegistry, type TestRegistry } from "../fixtures/registry.ts";
import { runOrThrow } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

/** Images that go through other tools and come back: ids and digests stay what they were. Peers that are missing are skipped. */
describe("images on their way through other tools", () => {
  const harness = useEngine();
  const APP = "trip/app:1";
  let registry: TestRegistry;
  let id: string;
  let archive: string;
  const place = (name: string) => join(harness.engine.directory, name);
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout.trimEnd();
  };
  const idOf = (name: string) => out("inspect", "-f", "{{.Id}}", name);
  const skopeo = (...args: string[]) => runOrThrow([requireProgram("skopeo"), "--insecure-policy", ...args]);
  /** Copies between a registry without TLS and elsewhere, as it is. */
  const copy = (...args: string[]) =>
    skopeo("copy", "-q", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false", ...args);
  const digestAt = async (source: string) => {
    const raw = await skopeo("inspect", "--raw", "--tls-verify=false", source);
    return `sha256:${new Bun.CryptoHasher("sha256").update(raw).digest("hex")}`;
  };
  const pull = async (name: string, ...flags: string[]) =>
    /^Digest: (\S+)$/m.exec(await out("pull", ...flags, name))![1]!;

  beforeAll(async () => {
    registry = await startRegistry();
    const container = await out(
      "create",
      "--network",
      "none",
      TEST_IMAGE,
      "sh",
      "-c",
      "echo made > /made; mkdir /d",
    );
    await out("start", "-a", container);
    const changes = [
      "ENV A=b",
      "LABEL l=m",
      "HEALTHCHECK --interval=5s CMD true",
      "STOPSIGNAL SIGINT",
      'VOLUME ["/v"]',
    ];
    await out("commit", ...changes.flatMap((change) => ["-c", change]), container, APP);
    await out("rm", container);
    id = await idOf(APP);
    archive = place("app.tar");
    await out("save", "-o", archive, APP);
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
  });

  test("an archive keeps what was made from what; a name that moves on says so, one that stays keeps its time", async () => {
    const commit = async (from: string, change: string, name: string) => {
      const container = await out("create", from, "true");
      const made = await out("commit", "-c", change, container, name);
      await out("rm", container);
      return made;
    };
    const below = await commit(APP, "LABEL below=1", "family:0");
    const above = await commit(below, "ENV A=$A'c'", "family:1");
    expect(await out("inspect", "-f", "{{json .Config.Env}}", above)).toContain('"A=bc"');
    const family = place("family.tar");
    await out("save", "-o", family, above, below);
    await out("rmi", "family:1", "family:0");
    await out("load", "-i", family);
    expect(await out("inspect", "-f", "{{.Parent}}", above)).toBe(below);
    expect(await out("inspect", "-f", "{{.Parent}}", below)).toBe("");
    expect((await out("history", "-q", "--no-trunc", above)).split("\n").slice(0, 3)).toEqual([
      above,
      below,
      "<missing>",
    ]);

    await out("tag", above, "family:1");
    await out("save", "-o", family, "family:1");
    const tagged = await out("inspect", "-f", "{{.Metadata.LastTagTime}}", above);
    expect(await out("load", "-i", family)).toBe("Loaded image: family:1");
    expect(await out("inspect", "-f", "{{.Metadata.LastTagTime}}", above)).toBe(tagged);
    await out("tag", below, "family:1");
    expect(await out("load", "-i", family)).toBe(
      `The image family:1 already exists, renaming the old one with ID ${below} to empty string\nLoaded image: family:1`,
    );
    await out("rmi", "family:1");
  });

  test("skopeo: pushed, copied to a layout, loaded, copied back and pulled under the same digest", async () => {
    const name = `${registry.address}/trip/app:1`;
    await out("tag", APP, name);
    const pushed = /digest: (\S+)/.exec(await out("push", name))![1]!;
    await copy(`docker://${name}`, `oci:${place("layout")}:1`);
    expect(await digestAt(`oci:${place("layout")}:1`)).toBe(pushed);
    await out("rmi", "-f", id);
    await runOrThrow(["tar", "-C", place("layout"), "-cf", place("layout.tar"), "."]);
    expect(await out("load", "-i", place("layout.tar"))).toBe(`Loaded image ID: ${id}`);
    await copy(`oci:${place("layout")}:1`, `docker://${registry.address}/trip/back:1`);
    expect(await pull(`${registry.address}/trip/back:1`)).toBe(pushed);
    expect(await idOf(`${registry.address}/trip/back:1`)).toBe(id);
    await registry.push(`docker-archive:${archive}`, "trip/archive:1");
    await pull(`${registry.address}/trip/archive:1`);
    expect(await idOf(`${registry.address}/trip/archive:1`)).toBe(id);
    await out("load", "-q", "-i", archive);
  });

  test("skopeo: an index with all its platforms, both ways", async () => {
    const names = ["amd64", "s390x"].map((each) => `${registry.address}/trip/multi:${each}`);
    for (const [index, name] of names.entries()) {
      const platform = `linux/${["amd64", "s390x"][index]}`;
      await out("import", "--platform", platform, place("busybox.tar"), name);
      await out("push", "-q", name);
    }
    const list = `${registry.address}/trip/multi:all`;
    await out("manifest", "create", "--insecure", list, ...names);
    const pushed = await out("manifest", "push", "--insecure", list);
    expect(await pull(list)).toBe(pushed);
    expect(await pull(list, "--platform", "linux/s390x")).toBe(pushed);
    expect(await pull(list, "--platform", "linux/amd64")).toBe(pushed);

    await out("save", "-o", place("multi.tar"), list);
    mkdirSync(place("multi"));
    await runOrThrow(["tar", "-C", place("multi"), "-xf", place("multi.tar")]);
    await copy("--all", `oci:${place("multi")}:all`, `docker://${registry.address}/trip/copied:all`);
    expect(await digestAt(`docker://${registry.address}/trip/copied:all`)).toBe(pushed);
    await copy("--all", `docker://${list}`, `oci-archive:${place("from-skopeo.tar")}:trip/skopeo:all`);
    await out("rmi", "-f", list, ...names);
    expect(await out("load", "-i", place("from-skopeo.tar"))).toBe("Loaded image: trip/skopeo:all");
    await out("tag", "trip/skopeo:all", `${registry.address}/trip/third:all`);
    expect(await out("push", `${registry.address}/trip/third:all`)).toContain(
      `all: digest: ${pushed} size: `,
    );
    await out("rmi", "-f", "trip/skopeo:all", `${registry.address}/trip/third:all`);
  });

  test.skipIf(!findProgram("dockerd"))(
    "dockerd: loaded there, changed there, loaded and run here, and back",
    async () => {
      await using peer = await startDockerd();
      const there = async (...args: string[]) => {
        const { stdout, stderr, code } = await peer.docker(args);
        if (code !== 0) throw new Error(`dockerd: docker ${args.join(" ")}: ${stderr}`);
        return stdout.trimEnd();
      };
      await there("load", "-i", archive);
      expect(await there("inspect", "-f", "{{.Id}}", APP)).toBe(id);
      const shown = [
        "inspect",
        "-f",
        "{{json .Config.Env}} {{json .Config.Labels}} {{json .Config.Healthcheck}} {{.Config.StopSignal}} {{json .Config.Volumes}} {{json .RootFS.Layers}}",
        APP,
      ];
      expect(await there(...shown)).toBe(await out(...shown));

      const container = await there("create", APP);
      writeFileSync(place("theirs"), "theirs\n");
      await there("cp", place("theirs"), `${container}:/theirs`);
      await there("commit", container, "trip/theirs:1");
      const theirs = await there("inspect", "-f", "{{.Id}}", "trip/theirs:1");
      await there("save", "-o", place("theirs.tar"), "trip/theirs:1");
      expect(await out("load", "-i", place("theirs.tar"))).toBe("Loaded image: trip/theirs:1");
      expect(await idOf("trip/theirs:1")).toBe(theirs);
      const run = [
        "run",
        "--rm",
        "--network",
        "none",
        "trip/theirs:1",
        "sh",
        "-c",
        "cat /made /theirs; echo $A",
      ];
      expect(await out(...run)).toBe("made\ntheirs\nb");

      await out("save", "-o", place("ours.tar"), "trip/theirs:1");
      await there("rm", container);
      await there("rmi", "-f", "trip/theirs:1");
      await there("load", "-i", place("ours.tar"));
      expect(await there("inspect", "-f", "{{.Id}}", "trip/theirs:1")).toBe(theirs);
    },
  );

  test.skipIf(!findProgram("umoci"))("umoci unpacks what save wrote", async () => {
    mkdirSync(place("umoci"));
    await runOrThrow(["tar", "-C", place("umoci"), "-xf", archive]);
    await runOrThrow([requireProgram("umoci"), "unpack", "--image", `${place("umoci")}:1`, place("bundle")]);
    expect(readFileSync(join(place("bundle"), "rootfs/made"), "utf8")).toBe("made\n");
    const { process } = JSON.parse(readFileSync(join(place("bundle"), "config.json"), "utf8"));
    expect(process.env).toContain("A=b");
  });

  test.skipIf(!findProgram("buildah"))(
    "buildah builds on what save wrote, and what it makes runs here",
    async () => {
      const policy = place("policy.json");
      writeFileSync(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
      const buildah = async (command: string, ...args: string[]) => {
        const roots = [
          "--root",
          place("buildah"),
          "--runroot",
          place("buildah-run"),
          "--storage-driver",
          "vfs",
        ];
        const trusts = ["from", "commit", "push"].includes(command)
          ? ["-q", "--signature-policy", policy]
          : [];
        const line = [requireProgram("buildah"), ...roots, command, ...trusts, ...args];
        return (await runOrThrow(line, { env: { REGISTRY_AUTH_FILE: place("auth.json") } })).trim();
      };
      writeFileSync(place("auth.json"), "{}");
      const container = await buildah("from", `docker-archive:${archive}`);
      writeFileSync(place("built"), "built\n");
      await buildah("copy", container, place("built"), "/built");
      await buildah("config", "--label", "from=buildah", container);
      await buildah("commit", container, `docker-archive:${place("built.tar")}:trip/built:1`);
      expect(await out("load", "-i", place("built.tar"))).toBe("Loaded image: trip/built:1");
      const files = ["cat", "/made", "/built"];
      expect(await out("run", "--rm", "--network", "none", "trip/built:1", ...files)).toBe("made\nbuilt");
      await buildah("commit", container, "pushed");
      const name = `${registry.address}/trip/built:2`;
      await buildah("push", "--tls-verify=false", "pushed", `docker://${name}`);
      expect(await pull(name)).toBe(await digestAt(`docker://${name}`));
      expect(await out("run", "--rm", "--network", "none", name, ...files)).toBe("made\nbuilt");
    },
  );
});
