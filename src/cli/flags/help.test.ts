import { expect, test } from "bun:test";
import { describeFlags } from "./help.ts";
import { bool, int, list, string } from "./types.ts";

// As docker 28.2 lays out `docker ps --help` and `docker exec --help` in 80 columns.
test("flags are sorted, aligned and wrapped", () => {
  const text = describeFlags(
    {
      quiet: bool("Only display container IDs", { short: "q" }),
      all: bool("Show all containers (default shows just running)", { short: "a" }),
      last: int("Show n last created containers (includes all states)", { short: "n", default: -1 }),
      "detach-keys": string("Override the key sequence for detaching a container"),
      user: string('Username or UID (format:\n"<name|uid>[:<group|gid>]")', { short: "u" }),
      secret: list("Not shown", { hidden: true }),
    },
    79,
  );
  expect(text).toBe(
    [
      "  -a, --all                  Show all containers (default shows just running)",
      "      --detach-keys string   Override the key sequence for detaching a",
      "                             container",
      "  -n, --last int             Show n last created containers (includes all",
      "                             states) (default -1)",
      "  -q, --quiet                Only display container IDs",
      "  -u, --user string          Username or UID (format:",
      '                             "<name|uid>[:<group|gid>]")',
      "",
    ].join("\n"),
  );
});
