import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { messageOf } from "../../base/errors.ts";
import { tarOf } from "../../spec/tar/tar.fixture.ts";
import { applyLayer } from "./apply-layer.ts";
import { LayerArena } from "./layer-arena.fixture.ts";

setDefaultTimeout(30_000);

/** Swaps a directory for a link to `outside` and back, as fast as it can, until it is ended. */
const SWAPPER = `
  const { renameSync, rmSync, symlinkSync, unlinkSync } = require("node:fs");
  const { parentPort, workerData } = require("node:worker_threads");
  const { directory, outside } = workerData;
  const attempt = (work) => { try { work(); } catch {} };
  parentPort.postMessage("begun");
  for (;;) {
    // Where the layer made a directory anew meanwhile, the one that was put aside cannot come back.
    attempt(() => rmSync(directory + ".aside", { recursive: true, force: true }));
    attempt(() => renameSync(directory, directory + ".aside"));
    attempt(() => symlinkSync(outside, directory));
    attempt(() => unlinkSync(directory));
    attempt(() => renameSync(directory + ".aside", directory));
  }
`;

/** What a layer says that met a link. */
const MET = '"d" is not a directory';

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

test("links that are swapped while a layer is unpacked lead it nowhere", async () => {
  using arena = new LayerArena();
  const directory = join(arena.path, "roots", "swapped");
  mkdirSync(directory);
  const swapped = join(directory, "d");
  const swapper = new Worker(SWAPPER, {
    eval: true,
    workerData: { directory: swapped, outside: arena.outside },
  });
  await new Promise((resolve) => swapper.once("message", resolve));
  const layer = tarOf(
    { name: "d/", type: "directory", mode: 0o700, uid: 7 },
    { name: "d/secret", content: "overwritten" },
    { name: "d/deep/", type: "directory", uid: 7 },
    { name: "d/deep/file", content: "overwritten" },
    { name: "d/.wh.secret" },
    { name: "d/link", type: "hardlink", linkName: "d/secret" },
    { name: "d/.wh..wh..opq" },
    { name: "d/new", content: "new", xattrs: new Map([["user.note", "n"]]) },
  );
  const outcomes = new Set<string>();
  try {
    const startMs = performance.now();
    const isOver = (ms: number) => performance.now() > startMs + ms;
    while (!isOver(1500) || (!outcomes.has(MET) && !isOver(15_000))) {
      for (const whiteouts of ["overlay", "direct"] as const) {
        const applying = applyLayer(once(layer), { directory, whiteouts });
        outcomes.add(
          await applying.then(
            () => "taken",
            (error) => messageOf(error).replace(/\d+/g, "N"),
          ),
        );
      }
    }
  } finally {
    await swapper.terminate();
  }
  // Without it there was no race.
  expect([...outcomes]).toContain(MET);
  expect(arena.isUntouched).toBe(true);
  rmSync(directory, { recursive: true });
});
