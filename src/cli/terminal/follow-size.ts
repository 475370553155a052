import type { WriteStream } from "node:tty";
import { kindOf } from "../../base/errors.ts";

/** Tells the engine a terminal's size. */
export type Resize = (height: number, width: number) => Promise<void>;

/**
 * Keeps a container's terminal at the size of this one: once now, then at each change, until disposed.
 * A container that is not there yet or any more is left alone.
 */
export function followTerminalSize(
  stdout: WriteStream,
  resize: Resize,
  onError: (error: unknown) => void,
): Disposable {
  const apply = () => {
    const [width, height] = stdout.getWindowSize();
    if (width === 0 && height === 0) return;
    resize(height, width).catch((error: unknown) => {
      const kind = kindOf(error);
      if (kind !== "notFound" && kind !== "conflict") onError(error);
    });
  };
  apply();
  stdout.on("resize", apply);
  return { [Symbol.dispose]: () => stdout.off("resize", apply) };
}
