import { describe, expect, test } from "bun:test";
import { COMMON_COMMANDS, GROUPS, ROOT_LEAVES } from "./command-tree.ts";
import { findCommand, isCommand, namesOf } from "./tree.ts";

const leaves = [
  ...ROOT_LEAVES.map((leaf) => [leaf.name, leaf] as const),
  ...GROUPS.flatMap((group) => group.children.map((leaf) => [`${group.name} ${leaf.name}`, leaf] as const)),
];

describe("the tree", () => {
  test.each(leaves)("%s loads, and is complete", async (_, leaf) => {
    const { command } = await leaf.load();
    expect(leaf.summary).not.toBe("");
    expect(command.args.max ?? command.args.min).toBeGreaterThanOrEqual(command.args.min);
    const shorts = Object.values(command.flags).flatMap((flag) => (flag as { short?: string }).short ?? []);
    expect(new Set(shorts).size).toBe(shorts.length);
  });

  test("names of one place are not used twice", () => {
    const roots = [...ROOT_LEAVES, ...GROUPS].map(({ name }) => name);
    const shorts = GROUPS.flatMap(({ children }) => children.flatMap(({ short }) => short ?? []));
    expect(new Set([...roots, ...shorts]).size).toBe(roots.length + shorts.length);
    for (const name of COMMON_COMMANDS) expect(findCommand([name]).kind).toBe("leaf");
  });

  test("commands are found by their name, alias and short form", () => {
    const path = (line: string) => {
      const found = findCommand(line.split(" "));
      return found.kind === "leaf" ? `${found.path} | ${found.rest.join(" ")}` : found.kind;
    };
    expect(path("ps -a")).toBe("ps | -a");
    expect(path("container ps -a")).toBe("container ls | -a");
    expect(path("container --help")).toBe("group");
    expect(path("container foo")).toBe("group");
    expect(path("foo")).toBe("unknown");
    expect([isCommand("ps"), isCommand("image"), isCommand("foo")]).toEqual([true, true, false]);
  });

  test("all names of a command", () => {
    const group = GROUPS[0]!;
    const ls = group.children.find(({ name }) => name === "ls")!;
    expect(namesOf(ls, group)).toEqual(["container ls", "container list", "container ps", "ps"]);
  });
});
