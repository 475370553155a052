/** Runs containers by the engine as a library; prints what came of them as one line of JSON. */
import { createReadStream } from "node:fs";
import { createEngine } from "gantry";

const [directory, tar] = process.argv.slice(2) as [string, string];
await using engine = await createEngine({ dataRoot: `${directory}/data`, runRoot: `${directory}/run` });
const progress = await engine.images.import({
  source: "-",
  content: createReadStream(tar),
  repository: "library-test",
  tag: "latest",
  message: "",
  changes: [],
  platform: undefined,
  signal: new AbortController().signal,
});
for await (const { error } of progress) {
  if (error) throw new Error(error);
}

const hostConfig = { NetworkMode: "none" };
const spoken = await engine.run({
  image: "library-test",
  command: ["sh", "-c", "echo $GREETING; pwd; id -u; echo apart >&2; exit 6"],
  env: { GREETING: "hello" },
  workingDir: "/tmp",
  user: "33",
  hostConfig,
});
const fed = await engine.run({
  image: "library-test",
  command: ["wc", "-c"],
  stdin: Buffer.alloc(100_000),
  hostConfig,
});
const networked = await engine.run({ image: "library-test", command: ["ip", "route"] });
let refusal = "";
try {
  await engine.run({ image: "no-such-image" });
} catch (error) {
  refusal = (error as Error).message;
}
const left = await engine.containers.list({ all: true, limit: 0, size: false, filters: new Map() });
console.log(
  JSON.stringify({
    exitCode: spoken.exitCode,
    stdout: String(spoken.stdout),
    stderr: String(spoken.stderr),
    counted: String(fed.stdout).trim(),
    hasRoute: String(networked.stdout).startsWith("default via "),
    refusal,
    left: left.length,
  }),
);
