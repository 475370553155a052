import { describe, expect, test } from "bun:test";
import { Writable } from "node:stream";
import type { WriteStream } from "node:tty";
import type { ProgressMessage } from "../../spec/engine-api/mod.ts";
import { progressBar } from "./bar.ts";
import { displayProgress } from "./display.ts";

async function show(messages: ProgressMessage[], columns?: number): Promise<string> {
  let text = "";
  const target = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  Object.assign(target, columns === undefined ? {} : { isTTY: true, columns });
  async function* source() {
    yield* messages;
  }
  const failure = await displayProgress(source(), target as unknown as WriteStream).catch(
    (error: Error) => error,
  );
  return failure ? `${text}! ${failure.message}` : text;
}

const pull: ProgressMessage[] = [
  { status: "Pulling from library/x", id: "latest" },
  { status: "Pulling fs layer", id: "a", progressDetail: {} },
  { status: "Pulling fs layer", id: "b", progressDetail: {} },
  { status: "Downloading", id: "a", progressDetail: { current: 500, total: 1000 } },
  { status: "Status: done" },
];

describe("displayProgress", () => {
  test("in a pipe every step is a line and bars are left out", async () => {
    expect(await show(pull)).toBe(
      "latest: Pulling from library/x\na: Pulling fs layer\nb: Pulling fs layer\nStatus: done\n",
    );
  });

  test("on a terminal each id has a line that is drawn again in place", async () => {
    expect(await show(pull, 80)).toBe(
      "latest: Pulling from library/x\n" +
        "\n\u001b[1A\u001b[2K\ra: Pulling fs layer \r\u001b[1B" +
        "\n\u001b[1A\u001b[2K\rb: Pulling fs layer \r\u001b[1B" +
        "\u001b[2A\u001b[2K\ra: Downloading     500B/1kB\r\u001b[2B" +
        "Status: done\n",
    );
  });

  test("an error ends it", async () => {
    expect(await show([{ status: "x" }, { error: "old", errorDetail: { message: "broken" } }])).toBe(
      "x\n! broken",
    );
  });

  test("text of a stream is printed as it is", async () => {
    expect(await show([{ stream: "Loaded image: x\n" }])).toBe("Loaded image: x\n");
  });
});

test("a wide terminal gets a bar", () => {
  expect(progressBar({ current: 50, total: 100 }, 200, 0)).toBe(
    `[${"=".repeat(25)}>${" ".repeat(25)}]      50B/100B`,
  );
  expect(progressBar({}, 200, 0)).toBe("");
});
