import type { WriteStream } from "node:tty";
import { kindOf } from "../../base/errors.ts";

/** A terminal whose size is followed until disposal. */
export interface FollowedSize extends Disposable {
  /** Resolves once the first size has been told, or could not be. */
  readonly fitted: Promise<void>;
}

/** Tells the engine a terminal's size. */
export type Resize = (height: number, width: number) => Promise<void>;

/**
 * Keeps a container's terminal at the size of this one: once now, then at each change, until disposed. With `redraw`
 * a program that draws its screen does so now, for who comes to a terminal that was drawn before.
 * A container that is not there yet or any more is left alone.
 */
export function followTerminalSize(
  stdout: WriteStream,
  resize: Resize,
  onError: (error: unknown) => void,
  { redraw = false } = {},
): FollowedSize {
  const apply = async (extraRows: readonly number[]) => {
    const [width, height] = stdout.getWindowSize();
    if (width === 0 && height === 0) return;
    try {
      for (const extra of extraRows) await resize(height + extra, width);
    } catch (error) {
      const kind = kindOf(error);
      if (kind !== "notFound" && kind !== "conflict") onError(error);
    }
  };
  const onResize = () => void apply([0]);
  // A program draws itself anew when its size changes, and so has to see another one first.
  const fitted = apply(redraw ? [1, 0] : [0]);
  stdout.on("resize", onResize);
  return { fitted, [Symbol.dispose]: () => stdout.off("resize", onResize) };
}
