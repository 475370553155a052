import { createInterface } from "node:readline/promises";
import type { Cli } from "./cli.ts";
import { untilTerminated } from "./terminal/until-terminated.ts";

/** Says what is about to happen and asks whether it shall. */
export async function confirm(cli: Cli, warning: string): Promise<boolean> {
  return await ask(cli, `${warning}\nAre you sure you want to continue?`);
}

/** Asks a question and tells whether the answer is yes. Anything else, the end of input for one, is no. */
export async function ask(cli: Cli, question: string): Promise<boolean> {
  return await untilTerminated(cli, async () => {
    cli.write(`${question} [y/N] `);
    const lines = createInterface({ input: cli.stdin });
    try {
      return await answerOf(lines);
    } finally {
      lines.close();
    }
  });
}

async function answerOf(lines: AsyncIterable<string>): Promise<boolean> {
  for await (const line of lines) return line.trim().toLowerCase() === "y";
  return false;
}
