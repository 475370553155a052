import { describe, expect, test } from "bun:test";
import { EventEmitter, once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { commandLines } from "../fixtures/docker-cli.ts";
import { runCommand } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

/** Stands between a client and an engine and keeps what the client says. */
async function listenIn(socketPath: string, engineSocket: string) {
  const heard: Buffer[] = [];
  const said = () => Buffer.concat(heard).toString("latin1");
  const news = new EventEmitter();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const engine = connect({ path: engineSocket, allowHalfOpen: true });
    client.pipe(engine);
    client.on("data", (bytes: Buffer) => {
      heard.push(bytes);
      news.emit("said");
    });
    engine.pipe(client);
    client.on("error", () => engine.destroy());
    engine.on("error", () => client.destroy());
  });
  server.listen(socketPath);
  await once(server, "listening");
  return {
    /** What was said since the last call. */
    takeHeard: () => Buffer.concat(heard.splice(0)).toString("latin1"),
    async until(text: string) {
      while (!said().includes(text)) await once(news, "said");
    },
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

describe("the keys that leave a container", () => {
  const harness = useEngine();

  test.each(commandLines)(
    "%s tells the engine those of the flag, else of config.json",
    async (name, program) => {
      const { docker, engine } = harness;
      const proxySocket = join(engine.directory, `heard-${name}.sock`);
      await using proxy = await listenIn(proxySocket, engine.socketPath);
      const configDirectory = join(engine.directory, `${name}-config`);
      mkdirSync(configDirectory);
      writeFileSync(join(configDirectory, "config.json"), '{"detachKeys":"ctrl-x,x"}');
      const sent = async (...args: string[]) => {
        const env = { DOCKER_CONFIG: configDirectory, DOCKER_CONTEXT: undefined, DOCKER_HOST: undefined };
        const result = await runCommand([program, "-H", `unix://${proxySocket}`, ...args], { env });
        const said = proxy.takeHeard();
        const found = /\/attach\?\S*detachKeys=([^& ]*)/.exec(said) ?? /"DetachKeys":"([^"]*)"/.exec(said);
        return { ...result, keys: found && decodeURIComponent(found[1]!) };
      };
      await docker(["run", "-d", "--name", "busy", "--network", "none", TEST_IMAGE, "sleep", "1000"]);
      await docker(["create", "--name", "brief", "--network", "none", TEST_IMAGE, "true"]);
      const flag = ["--detach-keys", "ctrl-y,y"];
      const run = (...flags: string[]) =>
        sent("run", ...flags, "--rm", "--network", "none", TEST_IMAGE, "true");
      expect(await run()).toMatchObject({ code: 0, keys: "ctrl-x,x" });
      expect(await run(...flag)).toMatchObject({ code: 0, keys: "ctrl-y,y" });
      expect(await sent("start", "-a", "brief")).toMatchObject({ code: 0, keys: "ctrl-x,x" });
      expect(await sent("start", "-a", ...flag, "brief")).toMatchObject({ code: 0, keys: "ctrl-y,y" });
      expect(await sent("exec", "busy", "true")).toMatchObject({ code: 0, keys: "ctrl-x,x" });
      expect(await sent("exec", ...flag, "busy", "true")).toMatchObject({ code: 0, keys: "ctrl-y,y" });
      const wrong = await sent("exec", "--detach-keys", "bogus", "busy", "true");
      expect(wrong.code).toBe(1);
      expect(wrong.stderr).toContain("Invalid escape keys (bogus) provided");
      const attached = sent("attach", "--no-stdin", ...flag, "busy");
      await proxy.until("/wait");
      await proxy.until("/attach?");
      await docker(["kill", "busy"]);
      expect(await attached).toMatchObject({ keys: "ctrl-y,y" });
      await docker(["rm", "-f", "busy", "brief"]);
    },
  );
});
