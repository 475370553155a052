import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLines } from "../fixtures/docker-cli.ts";
import { type CommandOptions, runCommand } from "../fixtures/run-command.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";

// Of the engines that contexts name here none is there: nothing of this needs one.
describe.each(commandLines)("contexts by %s", (_, program) => {
  let folder: ReturnType<typeof makeTempDir>;
  beforeAll(() => {
    folder = makeTempDir("contexts");
  });
  afterAll(() => folder[Symbol.dispose]());

  const run = async (line: string, env: CommandOptions["env"] = {}) => {
    const { stdout, stderr, code } = await runCommand([program, ...line.split(" ")], {
      cwd: folder.path,
      env: { DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: undefined, DOCKER_HOST: "tcp://env:1", ...env },
    });
    return [stdout, stderr, code];
  };
  const noHost = { DOCKER_HOST: undefined };
  const overridden =
    "Warning: DOCKER_HOST environment variable overrides the active context. To use a context, either set the global --context flag, or unset DOCKER_HOST environment variable.\n";

  test("are created, listed, changed and removed", async () => {
    expect(await run("context create far --description there --docker host=tcp://far:2375")).toEqual([
      "far\n",
      'Successfully created context "far"\n',
      0,
    ]);
    expect(await run("context create far --docker host=tcp://other")).toEqual([
      "",
      'context "far" already exists\n',
      1,
    ]);
    expect(await run("context create copy --from far")).toEqual([
      "copy\n",
      'Successfully created context "copy"\n',
      0,
    ]);
    expect(await run("context create env")).toEqual(["env\n", 'Successfully created context "env"\n', 0]);
    expect(await run("context update copy --docker host=unix:///x,skip-tls-verify=true")).toEqual([
      "copy\n",
      'Successfully updated context "copy"\n',
      0,
    ]);
    expect(await run("context ls")).toEqual([
      [
        "NAME        DESCRIPTION                               DOCKER ENDPOINT   ERROR",
        "copy        there                                     unix:///x         ",
        "default *   Current DOCKER_HOST based configuration   tcp://env:1       ",
        "env         Current DOCKER_HOST based configuration   tcp://env:1       ",
        "far         there                                     tcp://far:2375    ",
        "",
      ].join("\n"),
      overridden,
      0,
    ]);
    expect(await run("context ls --format {{.Name}}{{.Current}}", { DOCKER_HOST: "" })).toEqual([
      "copyfalse\ndefaulttrue\nenvfalse\nfarfalse\n",
      "",
      0,
    ]);
    expect(await run("context rm env default nope")).toEqual([
      "env\n",
      'context "default" cannot be removed\ncontext "nope" does not exist\n',
      1,
    ]);
    expect(await run("context ls -q", noHost)).toEqual(["copy\ndefault\nfar\n", "", 0]);
  });

  test("are used, by the configuration, the environment and the option", async () => {
    expect(await run("context use far", noHost)).toEqual(["far\n", 'Current context is now "far"\n', 0]);
    expect(JSON.parse(readFileSync(join(folder.path, "config.json"), "utf8"))).toEqual({
      auths: {},
      currentContext: "far",
    });
    expect(await run("context show", noHost)).toEqual(["far\n", "", 0]);
    expect(await run("context show")).toEqual(["default\n", "", 0]);
    expect(await run("context show", { ...noHost, DOCKER_CONTEXT: "copy" })).toEqual(["copy\n", "", 0]);
    expect(await run("--context copy context show")).toEqual(["copy\n", "", 0]);
    expect(await run("context rm far", noHost)).toEqual([
      "",
      'context "far" is in use, set -f flag to force remove\n',
      1,
    ]);
    expect(await run("context use default", noHost)).toEqual([
      "default\n",
      'Current context is now "default"\n',
      0,
    ]);
    const [, problem, code] = await run("--context nope ps");
    expect([String(problem).split(": open")[0], code]).toEqual([
      'Failed to initialize: unable to resolve docker endpoint: context "nope": context not found',
      1,
    ]);
    expect(await run("-H tcp://x --context far ps")).toEqual([
      "",
      "conflicting options: cannot specify both --host and --context\n",
      1,
    ]);
  });

  test("move in archives", async () => {
    expect(await run("context export far")).toEqual(["", 'Written file "far.dockercontext"\n', 0]);
    expect(await run("context export far")).toEqual(["", "open far.dockercontext: file exists\n", 1]);
    expect(await run("context import moved far.dockercontext")).toEqual([
      "moved\n",
      'Successfully imported context "moved"\n',
      0,
    ]);
    const [inspected] = await run("context inspect moved");
    const [{ Name, Metadata, Endpoints, TLSMaterial, Storage }] = JSON.parse(String(inspected));
    expect({ Name, Metadata, Endpoints, TLSMaterial }).toEqual({
      Name: "moved",
      Metadata: { Description: "there" },
      Endpoints: { docker: { Host: "tcp://far:2375", SkipTLSVerify: false } },
      TLSMaterial: {},
    });
    expect(existsSync(join(Storage.MetadataPath, "meta.json"))).toBe(true);
    writeFileSync(join(folder.path, "empty.tar"), Buffer.alloc(1024));
    expect(await run("context import other empty.tar")).toEqual([
      "",
      "invalid context: no metadata found\n",
      1,
    ]);
    expect(await run("context import other nope.tar")).toEqual([
      "",
      "open nope.tar: no such file or directory\n",
      1,
    ]);
  });

  test.each([
    ["context use", "accepts 1 arg(s), received 0\n", 1],
    ["context create default", '"default" is a reserved context name\n', 1],
    [
      "context create bad --docker foo=bar",
      "unable to create docker endpoint config: unrecognized config key: foo\n",
      1,
    ],
    [
      "context create bad --docker host=tcp://x,ca=/nope/ca.pem",
      "unable to create docker endpoint config: open /nope/ca.pem: no such file or directory\n",
      1,
    ],
    [
      "context create bad --docker host=tcp://x,ca=/etc/hosts",
      "unable to create docker endpoint config: invalid docker endpoint options: failed to retrieve context tls info: ca.pem seems invalid\n",
      1,
    ],
    [
      "context create bad --docker host=tcp://x,skip-tls-verify=maybe",
      'unable to create docker endpoint config: skip-tls-verify: parsing "maybe": invalid syntax\n',
      1,
    ],
    [
      "context create bad --docker host=tcp://x --from far",
      "cannot use --docker flag when --from is set\n",
      1,
    ],
    [
      "context create bad --docker host",
      'invalid argument "host" for "--docker" flag: host must be formatted as key=value\n\nUsage:  PROGRAM context create [OPTIONS] CONTEXT\n\nRun \'PROGRAM context create --help\' for more information\n',
      125,
    ],
  ])("%s is refused", async (line, problem, code) => {
    expect(await run(line)).toEqual(["", problem.replaceAll("PROGRAM", "docker"), code]);
  });
});
