import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { type DockerCli, dockerCli } from "../../../test/fixtures/docker-cli.ts";
import { startEngine, type TestEngine } from "../../../test/fixtures/engine.ts";
import { SinkServer } from "../../drivers/logs/sent/sinks.fixture.ts";

const TIMEOUT_MS = 60_000;

describe("logs of real containers", () => {
  let engine: TestEngine;
  let docker: DockerCli;

  beforeAll(async () => {
    engine = await startEngine();
    docker = dockerCli(engine.host, engine.directory);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  }, TIMEOUT_MS);

  const count = (script: string) => ["busybox", "sh", "-c", script];

  async function logPathOf(name: string): Promise<string> {
    return (await docker(["inspect", "-f", "{{.LogPath}}", name])).stdout.trim();
  }

  test(
    "a daemon that is killed while a container writes loses and repeats nothing",
    async () => {
      const script = "i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done";
      await docker(["run", "-d", "--name", "writer", ...count(script)]);
      for (let crash = 0; crash < 3; crash++) {
        await engine.crash();
        await engine.restart();
      }
      await docker(["wait", "writer"]);
      const { stdout } = await docker(["logs", "writer"]);
      const expected = Array.from({ length: 30_000 }, (_, index) => `line ${index}\n`).join("");
      expect(stdout === expected).toBe(true);
      const written = readFileSync(await logPathOf("writer"), "utf8")
        .trimEnd()
        .split("\n");
      expect(written.length).toBe(30_000);
      expect(JSON.parse(written[29_999]!)).toMatchObject({ log: "line 29999\n", stream: "stdout" });
      await docker(["rm", "writer"]);
    },
    TIMEOUT_MS,
  );

  test(
    "followers see both streams to the end, also of a container that goes at once",
    async () => {
      await docker(["create", "--rm", "--name", "brief", ...count("sleep 0.2; echo out; echo err >&2")]);
      await docker(["start", "brief"]);
      const { stdout, stderr } = await docker(["logs", "-f", "brief"]);
      expect([stdout, stderr]).toEqual(["out\n", "err\n"]);
    },
    TIMEOUT_MS,
  );

  test(
    "a dead sink neither stops the container nor hides its logs; removal gives it a last chance",
    async () => {
      const options = ["--log-driver", "fluentd", "--log-opt", "fluentd-address=127.0.0.1:1"];
      const { code } = await docker(["run", "--name", "dead", ...options, ...count("echo kept")]);
      expect(code).toBe(0);
      expect((await docker(["logs", "dead"])).stdout).toBe("kept\n");
      expect((await docker(["rm", "dead"])).code).toBe(0);
      await using server = await SinkServer.listen({ port: 0 });
      const alive = ["--log-driver", "gelf", "--log-opt", `gelf-address=tcp://127.0.0.1:${server.port}`];
      await docker(["run", "--rm", ...alive, ...count("echo to the sink")]);
      await server.until((received) => received.includes("to the sink"));
    },
    TIMEOUT_MS,
  );

  test(
    "what docker refuses is refused with its words",
    async () => {
      const refusal = async (...options: string[]) =>
        (await docker(["create", ...options, ...count("true")])).stderr.split("\n")[0];
      expect(await refusal("--log-driver", "splunk")).toBe(
        "Error response from daemon: logger: no log driver named 'splunk' is registered",
      );
      expect(await refusal("--log-opt", "x=1")).toBe(
        "Error response from daemon: unknown log opt 'x' for json-file log driver",
      );
      expect(await refusal("--log-opt", "mode=fast")).toBe(
        "Error response from daemon: logger: logging mode not supported: fast",
      );
      expect(await refusal("--log-opt", "max-buffer-size=1m")).toBe(
        "Error response from daemon: logger: max-buffer-size option is only supported with 'mode=non-blocking'",
      );
      await docker(["run", "--name", "silent", "--log-driver", "none", ...count("echo x")]);
      expect((await docker(["logs", "silent"])).stderr).toBe(
        "Error response from daemon: configured logging driver does not support reading\n",
      );
      await docker(["rm", "silent"]);
    },
    TIMEOUT_MS,
  );

  test(
    "details show labels and environment; a rotated log keeps within its bounds",
    async () => {
      const options = ["--log-opt", "max-size=4k", "--log-opt", "max-file=2", "--log-opt", "labels=team"];
      const script = "i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done";
      await docker(["run", "--name", "bounded", ...options, "--label", "team=blue", ...count(script)]);
      const { stdout } = await docker(["logs", "--details", "bounded"]);
      const lines = stdout.trimEnd().split("\n");
      expect(lines.at(-1)).toBe("team=blue line 499");
      expect(lines.length).toBeLessThan(120);
      expect(readFileSync(await logPathOf("bounded")).byteLength).toBeLessThan(4_200);
      expect((await docker(["logs", "--tail", "60", "bounded"])).stdout.split("\n").length).toBe(
        Math.min(60, lines.length) + 1,
      );
      await docker(["rm", "bounded"]);
    },
    TIMEOUT_MS,
  );

  test(
    "labels, environment and tag by name and by pattern, in files that are compressed",
    async () => {
      const options = [
        "labels=team",
        "labels-regex=^x\\.",
        "env=PLACE",
        "env-regex=^APP_",
        "tag={{.Name}}/{{.ID}}",
      ];
      options.push("max-size=4k", "max-file=3", "compress=true");
      const flags = options.flatMap((option) => ["--log-opt", option]);
      flags.push("-l", "team=blue", "-l", "x.kind=web", "-l", "other=1");
      flags.push("-e", "PLACE=here", "-e", "APP_A=1", "-e", "SECRET=2");
      for (const driver of ["json-file", "local"]) {
        const name = `attributes-${driver}`;
        const command = ["run", "--name", name, "--log-driver", driver, ...flags, ...count("seq 1 400")];
        expect((await docker(command)).code).toBe(0);
        const id = (await docker(["inspect", "-f", "{{.Id}}", name])).stdout.trim();
        const details = `APP_A=1,PLACE=here,tag=${encodeURIComponent(`${name}/${id.slice(0, 12)}`)},team=blue,x.kind=web`;
        expect((await docker(["logs", "--details", "--tail", "1", name])).stdout).toBe(`${details} 400\n`);
        if (driver !== "json-file") continue;
        const path = await logPathOf(name);
        expect(JSON.parse(readFileSync(path, "utf8").trimEnd().split("\n").at(-1)!).attrs).toEqual({
          APP_A: "1",
          PLACE: "here",
          tag: `${name}/${id.slice(0, 12)}`,
          team: "blue",
          "x.kind": "web",
        });
        expect(gunzipSync(readFileSync(`${path}.1.gz`)).toString()).toContain('"team":"blue"');
        expect(existsSync(`${path}.2.gz`)).toBe(true);
        expect(existsSync(`${path}.3.gz`)).toBe(false);
      }
      await docker(["rm", "attributes-json-file", "attributes-local"]);
    },
    TIMEOUT_MS,
  );
});
