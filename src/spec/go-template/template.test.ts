import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DOCKER_FUNCTIONS } from "./docker-functions.ts";
import { parseTemplate } from "./template.ts";

interface Golden {
  readonly data: unknown;
  /** What `docker inspect --format` 28.2 printed for each, or the error it ended with. */
  readonly cases: ReadonlyArray<{
    readonly template: string;
    readonly output?: string;
    readonly error?: string;
  }>;
}

function outcome(template: string, data: unknown): { output: string } | { error: string } {
  try {
    return {
      output: parseTemplate(template, { functions: DOCKER_FUNCTIONS, missingKey: "error" }).execute(data),
    };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const folder = join(import.meta.dir, "golden");
for (const file of readdirSync(folder)) {
  describe(file.replace(".json", ""), () => {
    const { data, cases } = JSON.parse(readFileSync(join(folder, file), "utf8")) as Golden;
    test.each(cases.map((golden) => [golden.template, golden] as const))(
      "%s",
      (template, { output, error }) => {
        expect(outcome(template, data)).toEqual(error === undefined ? { output: output! } : { error });
      },
    );
  });
}
