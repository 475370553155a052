import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Attempt, LayerArena } from "../../src/drivers/layers/layer-arena.fixture.ts";
import { tarOf } from "../../src/spec/tar/tar.fixture.ts";
import { mutate, Random } from "./mutate.ts";

/** Archives that have found a mistake once. */
const CORPUS = join(import.meta.dirname, "corpus", "layers");

/** What the kernel may refuse without anybody being at fault: sizes and names beyond what this file system has. */
const LIMITS = new Set(["EFBIG", "ENOSPC", "ENAMETOOLONG", "E2BIG"]);

/** The archives that mutations start from. */
function seeds(): Buffer[] {
  const link = (name: string, linkName: string) => ({ name, type: "symlink" as const, linkName });
  return [
    tarOf(
      { name: "a/", type: "directory", mode: 0o700 },
      { name: "a/b", content: "b".repeat(600) },
      { name: "a/b2", type: "hardlink", linkName: "a/b" },
      link("l", "a"),
      { name: "l/c", content: "c" },
      { name: ".wh.gone" },
      { name: "d/e/f", content: "deep" },
    ),
    tarOf(
      { name: "d/", type: "directory" },
      { name: "d/.wh..wh..opq" },
      { name: "d/e", type: "charDevice", deviceMajor: 5, deviceMinor: 1 },
      { name: "p", type: "fifo", mtimeNanoseconds: 5 },
      { name: `${"long/".repeat(30)}name`, content: "l" },
      link("up", "../../.."),
      { name: "up/x", content: "x" },
      {
        name: "x",
        xattrs: new Map([
          ["user.a", "1"],
          ["security.capability", "\x01\0\0\x02".padEnd(20, "\0")],
        ]),
      },
    ),
    ...corpus().map(({ archive }) => archive),
  ];
}

export function corpus(): Array<{ readonly name: string; readonly archive: Buffer }> {
  return readdirSync(CORPUS)
    .filter((name) => name.endsWith(".tar"))
    .sort()
    .map((name) => ({ name, archive: readFileSync(join(CORPUS, name)) }));
}

/** Unpacks an archive in every form. What is wrong with the outcome; undefined where nothing is. */
export async function judge(arena: LayerArena, archive: Buffer): Promise<string | undefined> {
  const overlay = await arena.attempt("overlay", archive);
  const image = await arena.attempt("image", archive);
  const direct = await arena.attempt("direct", archive);
  if (!arena.isUntouched) return "files outside of the layer were touched";
  const limited = [overlay, image, direct].some(({ errno }) => errno !== undefined && LIMITS.has(errno));
  for (const [form, { error, errno }] of Object.entries({ overlay, image, direct })) {
    if (error === undefined || error.startsWith("invalidArgument: ") || LIMITS.has(errno ?? "")) continue;
    return `${form} failed with ${error}`;
  }
  // Values of attributes are for the kernel to judge, which an image meets later.
  if (limited || overlay.error?.includes("extended attribute")) return undefined;
  if ((overlay.error === undefined) !== (image.error === undefined)) {
    return `overlay: ${overlay.error ?? "taken"}; image: ${image.error ?? "taken"}`;
  }
  return differenceOf(overlay, image);
}

function differenceOf(overlay: Attempt, image: Attempt): string | undefined {
  const own = overlay.tree.find((line, index) => image.tree[index] !== line);
  const other = image.tree.find((line, index) => overlay.tree[index] !== line);
  return own === other ? undefined : `overlay has ${own}; image has ${other}`;
}

export interface Finding {
  readonly archive: Buffer;
  readonly problem: string;
}

/** Tries mutations of all seeds until the count or the time is used up; the first archive that something is wrong with. */
export async function fuzzLayers(
  seed: number,
  bounds: { readonly cases: number; readonly untilMs?: number },
): Promise<Finding | undefined> {
  const random = new Random(seed);
  const archives = seeds();
  using arena = new LayerArena();
  for (let done = 0; done < bounds.cases; done++) {
    if (bounds.untilMs !== undefined && performance.now() > bounds.untilMs) return undefined;
    const archive = mutate(random.pick(archives), random, archives);
    const problem = await judge(arena, archive);
    if (problem !== undefined) return { archive, problem };
  }
  return undefined;
}
