import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../base/logger.ts";
import type { RegistrySettings } from "./settings.ts";

/** Settings for tests: no waiting for things that fail at once. */
export const testSettings: RegistrySettings = {
  insecureRegistries: [],
  mirrors: [],
  certificateDirs: [],
  environment: {},
  userAgent: "gantry-test",
  stallTimeoutMs: 5000,
  attempts: 4,
  firstRetryDelayMs: 5,
  logger: silentLogger,
};

export interface DockerRegistry extends AsyncDisposable {
  /** `localhost:PORT`. */
  readonly host: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Debian's `docker-registry` on a loopback port, with its data in a folder of its own; `htpasswd` turns basic auth on. */
export async function startDockerRegistry(
  options: { readonly htpasswd?: string } = {},
): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), "gantry-registry-"));
  const port = await freePort();
  const auth = options.htpasswd
    ? { auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } } }
    : {};
  if (options.htpasswd) await writeFile(join(folder, "htpasswd"), options.htpasswd);
  const config = {
    version: 0.1,
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, secret: "test" },
    ...auth,
  };
  await writeFile(join(folder, "config.yml"), JSON.stringify(config));
  const child = spawn("docker-registry", ["serve", join(folder, "config.yml")], { stdio: "ignore" });
  const ended = once(child, "exit");
  const host = `localhost:${port}`;
  await waitForAnswer(`http://127.0.0.1:${port}/v2/`);
  return {
    host,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function waitForAnswer(url: string): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  for (;;) {
    try {
      await (await fetch(url)).arrayBuffer();
      return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
