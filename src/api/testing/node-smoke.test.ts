import { expect, test } from "bun:test";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

test.each(["node", "bun"])(
  "the API works on %s",
  async (runtime) => {
    const program = here(`../../../node_modules/.bin/${runtime}`);
    const { stderr } = await run(program, [here("./node-smoke.ts")], { timeout: 20_000 });
    expect(stderr).toBe("");
  },
  30_000,
);
