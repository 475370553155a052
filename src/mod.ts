/**
 * The engine as a library: containers inside a Bun or Node program, without a daemon.
 *
 * ```ts
 * import { createEngine } from "gantry";
 *
 * await using engine = await createEngine({ dataRoot: "/var/lib/my-app", runRoot: "/run/my-app" });
 * const { exitCode, stdout } = await engine.run({ image: "busybox", command: ["echo", "hello"] });
 * ```
 */

export { EngineError, type ErrorKind } from "./base/errors.ts";
export type { Logger } from "./base/logger.ts";
export type { RunOptions, RunResult } from "./cmd/run-container.ts";
export { createEngine, type Engine, type EngineOptions } from "./cmd/wire.ts";
