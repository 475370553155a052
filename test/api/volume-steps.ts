import { expect } from "bun:test";
import { request } from "node:http";
import { TEST_IMAGE, type useEngine } from "./harness.ts";

type Harness = ReturnType<typeof useEngine>;

/** What tests of volumes and mounts do again and again, against the engine of a suite. */
export function volumeSteps(harness: Harness) {
  const docker = (...args: string[]) => harness.docker(args);
  const run = (...args: string[]) => docker("run", "--rm", ...args);
  const shell = (script: string, ...options: string[]) => run(...options, TEST_IMAGE, "sh", "-ec", script);

  async function buildImage(name: string, script: string, ...changes: string[]): Promise<void> {
    await docker("run", "--name", "builder", TEST_IMAGE, "sh", "-ec", script);
    const flags = changes.flatMap((change) => ["--change", change]);
    expect(await docker("commit", ...flags, "builder", name)).toMatchObject({ stderr: "", code: 0 });
    await docker("rm", "-v", "builder");
  }

  async function inspect<T>(what: string, field: string): Promise<T> {
    const { stdout, stderr } = await docker("inspect", "--format", `{{json ${field}}}`, what);
    expect(stderr).toBe("");
    return JSON.parse(stdout) as T;
  }

  function call(method: string, path: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath: harness.engine.socketPath, method, path }, (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode!, body }));
      });
      sent.on("error", reject);
      sent.end();
    });
  }

  return { docker, run, shell, buildImage, inspect, call };
}
