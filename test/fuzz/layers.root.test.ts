import { expect, setDefaultTimeout, test } from "bun:test";
import { LayerArena } from "../../src/drivers/layers/layer-arena.fixture.ts";
import { corpus, fuzzLayers, judge } from "./layers.ts";

setDefaultTimeout(30_000);

test("archives that found mistakes find none any more", async () => {
  using arena = new LayerArena();
  for (const { name, archive } of corpus()) {
    expect([name, await judge(arena, archive)]).toEqual([name, undefined]);
  }
});

test("mutated layers are refused or taken, by all forms alike, and touch nothing else", async () => {
  expect(await fuzzLayers(1, { cases: 150 })).toBeUndefined();
});
