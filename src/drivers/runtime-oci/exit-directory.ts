import { mkdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import { watchDirectory } from "../../os/linux/reactor/watch-directory.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { type RecordedExit, readRecordedExit } from "./recorded-exit.ts";

/**
 * The directory into which the monitors of one engine write exit codes, one file a process, seen by one watch. Files
 * stay until they are removed, so an exit that happened while no engine ran is not lost.
 */
export class ExitDirectory implements AsyncDisposable {
  readonly path: string;
  readonly #watch: AsyncDisposable;
  readonly #waiting = new Map<string, PromiseWithResolvers<RecordedExit>>();

  constructor(reactor: Reactor, path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.#watch = watchDirectory(
      reactor,
      path,
      (event) => {
        if (event.kind === "overflow") for (const name of this.#waiting.keys()) this.#settle(name);
        else this.#settle(event.name);
      },
      { kinds: ["closeWrite", "movedTo"], keepAlive: false },
    );
  }

  /** The exit recorded under `name`; undefined where there is none yet. */
  read(name: string): RecordedExit | undefined {
    return readRecordedExit(join(this.path, name));
  }

  /** Resolves with the exit that is or will be recorded under `name`. Every caller gets the same one. */
  wait(name: string): Promise<RecordedExit> {
    const waiting = this.#waiting.get(name);
    if (waiting) return waiting.promise;
    const fresh = Promise.withResolvers<RecordedExit>();
    this.#waiting.set(name, fresh);
    this.#settle(name);
    return fresh.promise;
  }

  /** Forgets `name` and its record. Idempotent. */
  remove(name: string): void {
    this.#waiting.delete(name);
    try {
      unlinkSync(join(this.path, name));
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
  }

  #settle(name: string): void {
    const waiting = this.#waiting.get(name);
    const exit = waiting && this.read(name);
    if (exit) waiting.resolve(exit);
  }
}
