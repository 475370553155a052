import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLines } from "../fixtures/docker-cli.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";

const METADATA = { SchemaVersion: "0.1.0", Vendor: "Someone", Version: "v1", ShortDescription: "Says hello" };

/** A plug-in that tells how it was called. */
const hello = (metadata: object | string) => `#!/bin/sh
[ "$1" = docker-cli-plugin-metadata ] && { echo '${typeof metadata === "string" ? metadata : JSON.stringify(metadata)}'; exit; }
echo "$*"
echo "\${DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND##*/} \${DOCKER_CLI_PLUGIN_SOCKET:+socket}"
exit 3
`;

const PLUGINS: Readonly<Record<string, string>> = {
  "docker-hello": hello(METADATA),
  "docker-nometa": hello("{broken"),
  "docker-novendor": hello({ SchemaVersion: "0.1.0" }),
  "docker-fails": "#!/bin/sh\nexit 7\n",
  "docker-ps": hello(METADATA),
  "docker-Bad_name": hello(METADATA),
};

describe.each(commandLines)("plug-ins of the command line by %s", (_, program) => {
  let folder: ReturnType<typeof makeTempDir>;
  beforeAll(() => {
    folder = makeTempDir("cli-plugins");
    mkdirSync(join(folder.path, "cli-plugins"));
    mkdirSync(join(folder.path, "extra"));
    for (const [name, text] of Object.entries(PLUGINS))
      writeFileSync(join(folder.path, "cli-plugins", name), text, { mode: 0o755 });
    writeFileSync(
      join(folder.path, "extra/docker-further"),
      hello({ ...METADATA, ShortDescription: "From elsewhere" }),
      { mode: 0o755 },
    );
    writeFileSync(
      join(folder.path, "config.json"),
      JSON.stringify({ cliPluginsExtraDirs: [join(folder.path, "extra")] }),
    );
  });
  afterAll(() => folder[Symbol.dispose]());

  const run = async (...args: string[]) => {
    const env = { DOCKER_CONFIG: folder.path, DOCKER_HOST: "tcp://nowhere:1", DOCKER_CONTEXT: undefined };
    const { stdout, stderr, code } = await runCommand([program, ...args], { env });
    return [stdout, stderr, code];
  };

  test("run in docker's place, with all of its command line", async () => {
    expect(await run("hello", "a", "--b", "-D")).toEqual(["hello a --b -D\ndocker socket\n", "", 3]);
    expect(await run("-D", "hello", "--help")).toEqual(["-D hello --help\ndocker socket\n", "", 3]);
    expect(await run("--version", "hello")).toEqual(["--version hello\ndocker socket\n", "", 3]);
    expect(await run("further")).toEqual(["further\ndocker socket\n", "", 3]);
    expect((await run("help", "hello", "x"))[0]).toStartWith("help hello x\n");
  });

  test("stand in help, and those that are broken beneath", async () => {
    const [help, , code] = await run("help");
    expect(code).toBe(0);
    expect(help).toMatch(/^ {2}further\* {4}From elsewhere$/m);
    expect(help).toMatch(/^ {2}hello\* {6}Says hello$/m);
    const broken = /\n\nInvalid Plugins:\n([\s\S]*?)\n\nGlobal Options:/.exec(String(help))?.[1]?.split("\n");
    expect(broken?.map((line) => line.trim()).sort()).toEqual([
      'Bad_name    plugin candidate "Bad_name" did not match "^[a-z][a-z0-9]*$"',
      "fails       failed to fetch metadata: exit status 7",
      "nometa      invalid metadata: invalid character 'b' looking for beginning of object key string",
      "novendor    plugin metadata does not define a vendor",
      'ps          plugin "ps" duplicates builtin command',
    ]);
  });

  test("are no commands where they are broken or not there", async () => {
    const unknown = (name: string) =>
      `docker: unknown command: docker ${name}\n\nRun 'docker --help' for more information\n`;
    for (const name of ["nometa", "nothing", "fails"]) {
      expect(await run(name)).toEqual(["", unknown(name), 1]);
      expect(await run("help", name)).toEqual(["", `unknown help topic: ${name}\n`, 1]);
      expect((await run(name, "--help"))[0]).toStartWith("Usage:  docker [OPTIONS] COMMAND\n");
    }
    expect(await run("nothing", "--foo")).toEqual([
      "",
      "unknown flag: --foo\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help' for more information\n",
      125,
    ]);
  });
});

describe("the signals of a plug-in", () => {
  const [, own] = commandLines.find(([name]) => name === "gantry")!;
  /** Waits for the end of its connection, unless it is told not to. */
  const plugin = `#!/bin/sh
[ "$1" = docker-cli-plugin-metadata ] && { echo '${JSON.stringify(METADATA)}'; exit; }
exec ${process.execPath} -e '
  const socket = require("node:net").connect(process.env.DOCKER_CLI_PLUGIN_SOCKET, () => console.log("ready"));
  socket.on("close", () => process.argv.at(-1) === "deaf" ? console.log("told") : process.exit(9));
  setInterval(() => {}, 1000);
' "$@"
`;

  test.each([
    ["it ends itself once its connection does", [], 9, ""],
    ["it is killed with the third", ["deaf"], 1, "got 3 SIGTERM/SIGINTs, forcefully exiting\n"],
  ])("%s", async (_, args, code, problem) => {
    using folder = makeTempDir("cli-plugins");
    mkdirSync(join(folder.path, "cli-plugins"));
    writeFileSync(join(folder.path, "cli-plugins/docker-waits"), plugin, { mode: 0o755 });
    const child = spawn(own, ["waits", ...args], {
      env: { ...process.env, DOCKER_CONFIG: folder.path, DOCKER_HOST: "tcp://nowhere:1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (bytes) => {
      errors += bytes;
    });
    const lines = child.stdout[Symbol.asyncIterator]();
    await lines.next();
    child.kill("SIGINT");
    if (args.length > 0) {
      await lines.next();
      child.kill("SIGTERM");
      child.kill("SIGINT");
    }
    const [exit] = await once(child, "exit");
    expect([exit, errors]).toEqual([code, problem]);
  });
});
