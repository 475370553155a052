import { expect, test } from "bun:test";
import { ContainersFixture, handleOf } from "./containers.fixture.ts";
import { listProcesses, parseProcessTable } from "./top.ts";

test("rows of the container's processes, with blanks only in the last column", () => {
  const output =
    "  PID TTY COMMAND\n    1 ?   init\n   42 ?   sh -c  sleep 1\n    - -   -\n   43 ?   other\n    - -   -\n";
  expect(parseProcessTable(output, new Set([42]))).toEqual({
    Titles: ["PID", "TTY", "COMMAND"],
    Processes: [
      ["42", "?", "sh -c sleep 1"],
      ["-", "-", "-"],
    ],
  });
});

test("output without pids, or with wrong ones, is refused", () => {
  expect(() => parseProcessTable("COMMAND\nsh\n", new Set())).toThrow("Couldn't find PID field in ps output");
  expect(() => parseProcessTable("PID\nx\n", new Set())).toThrow("Unexpected pid 'x'");
});

test("the host's ps shows the processes of a running container only", async () => {
  await using fixture = new ContainersFixture();
  const { id } = fixture.add();
  await expect(listProcesses(fixture.parts, id, "")).rejects.toMatchObject({
    kind: "conflict",
    message: `container ${id} is not running`,
  });
  fixture.run(id, { handle: handleOf(id, process.pid), pids: async () => [process.pid] });
  const plain = await listProcesses(fixture.parts, id, "");
  expect(plain.Titles.slice(0, 2)).toEqual(["UID", "PID"]);
  expect(plain.Processes.map((row) => row[1])).toEqual([String(process.pid)]);
  // `f` and a list of processes exclude each other.
  const forest = await listProcesses(fixture.parts, id, "axf");
  expect(forest.Processes.map((row) => row[0])).toEqual([String(process.pid)]);
  expect(fixture.actions).toEqual(["top", "top"]);
  await expect(listProcesses(fixture.parts, id, "-o args")).rejects.toThrow(
    "Couldn't find PID field in ps output",
  );
  await expect(listProcesses(fixture.parts, id, "-o user=PID")).rejects.toThrow(
    'specifying "user=PID" is not allowed',
  );
  await expect(listProcesses(fixture.parts, id, "--nonsense")).rejects.toThrow(/^ps: /);
});
