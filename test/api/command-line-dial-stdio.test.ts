import { expect, test } from "bun:test";
import { join } from "node:path";
import { commandLines, dockerCli } from "../fixtures/docker-cli.ts";
import { useEngine } from "./harness.ts";

const harness = useEngine();

test.each(commandLines)("%s brings an engine's connection to stdin and stdout", async (name, program) => {
  const { engine } = harness;
  const cli = dockerCli(engine.host, join(engine.directory, `${name}-config`), program);
  const stdin = "GET /_ping HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n";
  const { stdout, stderr, code } = await cli(["system", "dial-stdio"], { stdin });
  expect([stderr, code]).toEqual(["", 0]);
  expect(stdout).toStartWith("HTTP/1.1 200 OK\r\n");
  expect(stdout).toEndWith("OK");
  const { stdout: help } = await cli(["system", "--help"]);
  expect(help).toContain("  df ");
  expect(help).not.toContain("dial-stdio");
});
