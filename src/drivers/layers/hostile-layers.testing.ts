import { afterAll, expect } from "bun:test";
import { encodeEntry, paddingOf } from "../../spec/tar/mod.ts";
import { entryOf, type Member, patchHeader } from "../../spec/tar/tar.fixture.ts";
import { FORMS, LayerArena } from "./layer-arena.fixture.ts";

/** What tests of hostile layers say of them. */
export interface HostileLayers {
  readonly arena: LayerArena;
  /** All forms refuse the layer with that text, and nothing outside has changed. */
  expectRefused(layer: Uint8Array, text: string): Promise<void>;
  /** All forms take the layer, and nothing outside has changed; the tree, which overlay and image must agree about. */
  expectTaken(layer: Uint8Array): Promise<readonly string[]>;
}

/** A piece of a host for the tests of a file. */
export function useLayerArena(): HostileLayers {
  const arena = new LayerArena();
  afterAll(() => arena[Symbol.dispose]());
  return {
    arena,
    async expectRefused(layer, text) {
      for (const form of FORMS) {
        const { error } = await arena.attempt(form, layer);
        expect([form, error]).toEqual([form, expect.stringContaining(`invalidArgument: ${text}`)]);
      }
      expect(arena.isUntouched).toBe(true);
    },
    async expectTaken(layer) {
      const overlay = await arena.attempt("overlay", layer);
      const direct = await arena.attempt("direct", layer);
      const image = await arena.attempt("image", layer);
      expect([overlay.error, direct.error, image.error]).toEqual([undefined, undefined, undefined]);
      expect(image.tree).toEqual(overlay.tree);
      expect(arena.isUntouched).toBe(true);
      return overlay.tree;
    },
  };
}

/** Paths of the lines of a tree. */
export function namesOf(tree: readonly string[]): string[] {
  return tree.map((line) => line.slice(0, line.indexOf(" ")));
}

/** A directory in an archive. */
export function folder(name: string): Member {
  return { name: `${name}/`, type: "directory" };
}

/** A member whose header has been changed before its checksum was made. */
export function patched(member: Member, patch: (block: Buffer) => void): Buffer {
  return patchHeader(encodeEntry(entryOf(member)), patch);
}

/** A PAX header of these bytes in front of whatever follows. */
export function pax(body: Buffer): Buffer {
  const header = patched({ name: "PaxHeaders/x", sizeBytes: body.length }, (block) => block.write("x", 156));
  return Buffer.concat([header, body, paddingOf(body.length)]);
}
