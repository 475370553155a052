import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runOrThrow } from "../../test/fixtures/run-command.ts";
import { makeTempDir } from "../../test/fixtures/temp-dir.ts";

test("the compiled program runs until a source is touched or it is gone", async () => {
  using root = makeTempDir("launch");
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root.path, path)), { recursive: true });
    writeFileSync(join(root.path, path), text);
  };
  const source = join(root.path, "src/cmd/gantry.ts");
  const launch = () => runOrThrow([process.execPath, join(root.path, "src/cmd/launch.ts")]);
  put("src/cmd/gantry.ts", 'console.log("sources");');
  copyFileSync(join(import.meta.dir, "launch.ts"), join(root.path, "src/cmd/launch.ts"));
  expect(await launch()).toBe("sources\n");

  put("node_modules/.gantry/cli/gantry.js", 'console.log("compiled");');
  const { ctimeMs, size } = statSync(source);
  put("node_modules/.gantry/cli/sources.json", JSON.stringify([["src/cmd/gantry.ts", ctimeMs, size]]));
  expect(await launch()).toBe("compiled\n");

  utimesSync(source, 0, 0);
  expect(await launch()).toBe("sources\n");
});
