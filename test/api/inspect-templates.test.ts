import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { commandLines, dockerCli } from "../fixtures/docker-cli.ts";
import type { CommandResult } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const parsing = (message: string) => ({
  stdout: "\n",
  stderr: `template parsing error: template: :1:${message}\n`,
  code: 1,
});
const printed = (line: string) => ({ stdout: `${line}\n`, stderr: "", code: 0 });

/** What a container with nothing special says, none of it an error: docker's structs have fields that its JSON has not. */
const CASES: ReadonlyArray<readonly [template: string, answer: CommandResult]> = [
  ["{{.SizeRw}} {{json .SizeRootFs}}", printed("<nil> null")],
  ["{{if .SizeRw}}sized{{else}}not{{end}}", printed("not")],
  ["{{if .State.Health}}{{.State.Health.Status}}{{else}}unwatched{{end}}", printed("unwatched")],
  ["{{eq .State.Health nil}} {{eq .HostConfig.Init nil}}", printed("true true")],
  [
    "{{.HostConfig.Tmpfs}} {{.HostConfig.Init}} {{.Config.Shell}} [{{.Config.StopSignal}}]",
    printed("map[] <nil> [] []"),
  ],
  ["{{range .Mounts}}{{.Type}}[{{.Name}}{{.Driver}}]{{end}}", printed("bind[]")],
  ["{{eq .State .State}} {{ne .State .State}} {{eq .State .Config}}", printed("true false false")],
  ["{{.Mounts}}", printed("[{bind  /etc /m   true rprivate}]")],
  ["{{.HostConfig.PortBindings}}", printed("map[80/tcp:[{127.0.0.1 8080}]]")],
  ["{{.HostConfig.Ulimits}} {{.HostConfig.Devices}}", printed("[nofile=10:20] [{/dev/zero /dev/zero rwm}]")],
  ["{{.HostConfig.RestartPolicy}} {{.HostConfig.LogConfig}}", printed("{no 0} {json-file map[]}")],
  ["{{.Config.ExposedPorts}} {{.Config.Volumes}}", printed("map[80/tcp:{}] map[]")],
  [
    "{{.State}}",
    printed("{created false false false false false 0 0  0001-01-01T00:00:00Z 0001-01-01T00:00:00Z <nil>}"),
  ],
  ['{{printf "%T" .State}} {{.HostConfig.Resources.Memory}}', printed("*container.State 0")],
  ['[{{index .Config.Labels "none"}}] [{{.Config.Labels.none}}]', printed("[] [<no value>]")],
  ["{{.NetworkSettings.Networks.none.IPAddress}}", printed("<no value>")],
  ["{{if .HostConfig.OomKillDisable}}set{{end}} {{.HostConfig.OomKillDisable}}", printed("set false")],
  ["{{slice .ID 0 0}}{{.HostConfig.DNS}}{{.HostConfig.Binds}}", printed("[][/etc:/m]")],
  [
    "{{(index .Mounts 1).Source}}",
    parsing('3: executing "" at <index .Mounts 1>: error calling index: reflect: slice index out of range'),
  ],
  [
    "{{.State.Health.Status}}",
    parsing('8: executing "" at <.State.Health.Status>: map has no entry for key "Health"'),
  ],
  ["{{.State.Nope}}", parsing('8: executing "" at <.State.Nope>: map has no entry for key "Nope"')],
  [
    "{{call .Name}}",
    parsing('2: executing "" at <call .Name>: error calling call: non-function .Name of type string'),
  ],
  ["{{call nil}}", parsing('2: executing "" at <call nil>: error calling call: call of nil')],
  [
    "{{.State.Status | call}}",
    parsing('18: executing "" at <call>: error calling call: non-function created of type string'),
  ],
];

describe("templates of inspect", () => {
  const harness = useEngine();

  test.each(commandLines)("%s fills them from structs", async (name, program) => {
    const { docker, engine } = harness;
    const cli = dockerCli(engine.host, join(engine.directory, `${name}-config`), program);
    const flags = [
      "-v",
      "/etc:/m",
      "-p",
      "127.0.0.1:8080:80",
      "--ulimit",
      "nofile=10:20",
      "--device",
      "/dev/zero",
    ];
    await docker(["create", "--name", "plain", ...flags, TEST_IMAGE]);
    for (const [template, answer] of CASES) {
      expect({ template, ...(await cli(["inspect", "-f", template, "plain"])) }).toEqual({
        template,
        ...answer,
      });
    }
    const { stdout } = await cli(["inspect", "plain"]);
    expect(JSON.parse(stdout)[0]).not.toHaveProperty("SizeRw");
    await docker(["rm", "plain"]);
  });
});

/** What docker reads an answer into has fields by their names in Go, and nothing else. */
const SYSTEM_CASES: ReadonlyArray<readonly [words: readonly string[], answer: Partial<CommandResult>]> = [
  [
    ["info", "-f", "{{.Swarm}} {{.HTTPProxy}}|{{.Warnings}}"],
    printed("{  inactive false  [] 0 0 <nil> []} |[]"),
  ],
  [
    ["info", "-f", "{{.HttpProxy}}"],
    {
      stdout: "\n",
      stderr:
        'template: :1:2: executing "" at <.HttpProxy>: can\'t evaluate field HttpProxy in type system.dockerInfo\n',
      code: 1,
    },
  ],
  [
    ["version", "-f", "{{.Server.ApiVersion}}"],
    {
      stdout: "\n",
      stderr:
        'template: version:1:9: executing "version" at <.Server.ApiVersion>: can\'t evaluate field ApiVersion in type *types.Version\n',
      code: 1,
    },
  ],
  [["version", "-f", "{{.Server.Os}} {{.Server.Experimental}}"], printed("linux false")],
  [
    ["version", "-f", "{{.Server"],
    { stdout: "", stderr: "template parsing error: template: version:1: unclosed action\n", code: 64 },
  ],
  [
    ["system", "df", "-v", "--format", "{{len .Images}}{{range .Images}} {{.Repository}}{{end}}"],
    { stdout: "1 test/busybox", code: 0 },
  ],
];

describe("templates of info, version and system df -v", () => {
  const harness = useEngine();

  test.each(commandLines)("%s fills them from structs", async (name, program) => {
    const { engine } = harness;
    const cli = dockerCli(engine.host, join(engine.directory, `${name}-config`), program);
    for (const [words, answer] of SYSTEM_CASES) {
      expect({ words, ...(await cli(words)) }).toMatchObject({ words, ...answer });
    }
  });
});
