import { GROUPS, type Group, type Leaf, ROOT_LEAVES } from "./command-tree.ts";

/** What a command line's first words name. */
export type Found =
  | {
      readonly kind: "leaf";
      readonly leaf: Leaf;
      readonly path: string;
      readonly group?: Group;
      readonly rest: readonly string[];
    }
  | { readonly kind: "group"; readonly group: Group; readonly rest: readonly string[] }
  | { readonly kind: "unknown"; readonly name: string };

/** The command that `words` start with; a group where what comes after its name is none of its commands. */
export function findCommand(words: readonly string[]): Found {
  const [first = "", ...rest] = words;
  const group = GROUPS.find(({ name }) => name === first);
  if (!group) {
    const leaf = rootLeaf(first);
    return leaf
      ? { kind: "leaf", leaf, path: first, rest, ...groupOf(leaf) }
      : { kind: "unknown", name: first };
  }
  const [second, ...behind] = rest;
  const leaf = group.children.find(
    ({ name, aliases }) => name === second || (second !== undefined && aliases?.includes(second)),
  );
  if (!leaf) return { kind: "group", group, rest };
  return { kind: "leaf", leaf, path: `${first} ${leaf.name}`, group, rest: behind };
}

/** Whether the program itself has a command of that name. */
export function isCommand(name: string): boolean {
  return findCommand([name]).kind !== "unknown";
}

function rootLeaf(name: string): Leaf | undefined {
  const leaf = ROOT_LEAVES.find((candidate) => candidate.name === name);
  if (leaf) return leaf;
  for (const group of GROUPS) {
    const child = group.children.find(({ short }) => short === name);
    if (child) return child;
  }
  return undefined;
}

function groupOf(leaf: Leaf): { group?: Group } {
  const group = GROUPS.find(({ children }) => children.includes(leaf));
  return group ? { group } : {};
}

/** All names of a command, its group in front; empty where it has only one. */
export function namesOf(leaf: Leaf, group: Group | undefined): string[] {
  if (!group) return [];
  const names = [leaf.name, ...(leaf.aliases ?? [])].map((name) => `${group.name} ${name}`);
  if (leaf.short !== undefined) names.push(leaf.short);
  return names.length > 1 ? names : [];
}
