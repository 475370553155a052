import { describe, expect, test } from "bun:test";
import { TEST_IMAGE, useEngine } from "../api/harness.ts";
import { residentBytesOf, threadsOf, watchDaemon } from "./daemon-meters.ts";

const TIMEOUT_MS = 90_000;
const IN_A_ROW = 60;
const AT_ONCE = 20;
/** What an engine may have more of after all this: caches and pools that are filled once. */
const MAX_GROWTH_BYTES = 48 * 1024 * 1024;

describe("the daemon is as before", () => {
  const harness = useEngine();

  const run = () => harness.docker(["run", "--rm", TEST_IMAGE, "echo", "hello"]);

  test(
    `after ${IN_A_ROW} containers in a row and ${AT_ONCE} at once`,
    async () => {
      // Fills what is filled once: prepared statements, threads, the memory of events.
      await Promise.all(Array.from({ length: AT_ONCE }, run));
      const asBefore = await watchDaemon(harness.engine);
      const before = { bytes: residentBytesOf(harness.engine), threads: threadsOf(harness.engine) };
      const expected = { stdout: "hello\n", stderr: "", code: 0 };
      for (let turn = 0; turn < IN_A_ROW; turn++) expect(await run()).toEqual(expected);
      for (const result of await Promise.all(Array.from({ length: AT_ONCE }, run))) {
        expect(result).toEqual(expected);
      }
      await asBefore();
      expect(threadsOf(harness.engine)).toBeLessThanOrEqual(before.threads);
      expect(residentBytesOf(harness.engine) - before.bytes).toBeLessThan(MAX_GROWTH_BYTES);
    },
    TIMEOUT_MS,
  );
});
