import type { ReadStream } from "node:tty";

/**
 * The terminal is in raw mode until disposed, and put back on every way out of the process too; undefined where `stdin` is
 * none. What the container writes reaches the terminal untouched: its own terminal has put the carriage returns in already.
 */
export async function rawMode(stdin: ReadStream): Promise<Disposable | undefined> {
  if (!stdin.isTTY) return undefined;
  const restore = () => {
    stdin.setRawMode(false);
  };
  stdin.setRawMode(true);
  process.on("exit", restore);
  await passOutputThrough();
  return {
    [Symbol.dispose]: () => {
      process.off("exit", restore);
      restore();
    },
  };
}

/** The runtime's raw mode still turns line feeds into line ends; going back to its normal mode undoes this too. */
async function passOutputThrough(): Promise<void> {
  const { run } = await import("../../os/linux/spawn.ts");
  // Without stty only programs that fill the screen look wrong, so its absence is no reason to fail.
  await run({ command: "stty", args: ["-opost"], stdin: "inherit" }).catch(() => undefined);
}
