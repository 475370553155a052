import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningRegistry, serveRegistry } from "../../test/fixtures/registry.ts";
import { makeManyImages } from "../images/many-images.ts";
import { DEBIAN_IMAGE, debianRegistry } from "../images/registry.ts";
import type { ImageCommands, RunningPeer } from "../peers/peer.ts";
import { runOrThrow } from "../peers/process.ts";
import type { PreparedCase, TimedCase } from "./case.ts";
import { measureResponsiveness, type Responsiveness } from "./responsiveness.ts";

const RUNS = 7;
const LIST_RUNS = 20;
const MANY = 500;

/** What the image cases work with, made when the first of them asks. */
export interface ImageFacilities extends AsyncDisposable {
  /** Name of the Debian image in a registry on loopback. */
  debianImage(): Promise<string>;
  /** Path for a file of the bench. */
  pathOf(name: string): string;
}

export function makeImageFacilities(): ImageFacilities {
  const directory = mkdtempSync(join(tmpdir(), "gantry-bench-images-"));
  let registry: Promise<RunningRegistry> | undefined;
  return {
    async debianImage() {
      registry ??= debianRegistry();
      return `${(await registry).address}/${DEBIAN_IMAGE}`;
    },
    pathOf: (name) => join(directory, name),
    async [Symbol.asyncDispose]() {
      await (await registry)?.[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
}

/** The cases about images: each leaves a peer's store as it was. */
export function imageCases(facilities: ImageFacilities): TimedCase[] {
  return [pull(facilities), push(facilities), save(facilities), load(facilities), list(facilities)];
}

/** Removes an image, if it is there, and waits until nothing of that goes on; files are on disk then. */
function forget(images: ImageCommands, reference: string): void {
  try {
    runOrThrow(images.remove([reference]));
  } catch {
    // It was not there.
  }
  settle(images);
}

function settle(images: ImageCommands): void {
  images.settle?.();
  runOrThrow(["sync"]);
}

function imageCase(
  name: string,
  mostRuns: number,
  prepare: (images: ImageCommands) => Promise<PreparedCase>,
): TimedCase {
  return { name, mostRuns, prepare: async ({ images }) => images && prepare(images) };
}

/** How fast each engine with an API answers while it pulls. */
export async function pullResponsiveness(
  facilities: ImageFacilities,
  peers: ReadonlyMap<string, RunningPeer>,
): Promise<Record<string, Responsiveness>> {
  const reference = await facilities.debianImage();
  const found: Record<string, Responsiveness> = {};
  for (const [name, { images, socketPath }] of peers) {
    if (!images || socketPath === undefined) continue;
    found[name] = await measureResponsiveness(socketPath, () => {
      forget(images, reference);
      return images.pull(reference);
    });
    forget(images, reference);
  }
  return found;
}

function pull(facilities: ImageFacilities): TimedCase {
  return imageCase("pull", RUNS, async (images) => {
    const reference = await facilities.debianImage();
    return {
      next: () => {
        forget(images, reference);
        return images.pull(reference);
      },
      [Symbol.asyncDispose]: async () => forget(images, reference),
    };
  });
}

function push(facilities: ImageFacilities): TimedCase {
  const storage = facilities.pathOf("push-registry");
  return imageCase("push", RUNS, async (images) => {
    const reference = await facilities.debianImage();
    runOrThrow(images.pull(reference));
    const targets: string[] = [];
    let target: RunningRegistry | undefined;
    return {
      // Into an empty registry at an address that nobody has pushed to before: nothing can be left out.
      next: async () => {
        await target?.[Symbol.asyncDispose]();
        rmSync(storage, { recursive: true, force: true });
        target = await serveRegistry(storage);
        const name = `${target.address}/pushed:latest`;
        targets.push(name);
        runOrThrow(images.tag(reference, name));
        settle(images);
        return images.push(name);
      },
      [Symbol.asyncDispose]: async () => {
        await target?.[Symbol.asyncDispose]();
        runOrThrow(images.remove(targets));
        forget(images, reference);
      },
    };
  });
}

function save(facilities: ImageFacilities): TimedCase {
  const file = facilities.pathOf("saved.tar");
  return imageCase("save", RUNS, async (images) => {
    const reference = await facilities.debianImage();
    runOrThrow(images.pull(reference));
    return {
      next: () => {
        rmSync(file, { force: true });
        settle(images);
        return images.save(reference, file);
      },
      [Symbol.asyncDispose]: async () => {
        rmSync(file, { force: true });
        forget(images, reference);
      },
    };
  });
}

/** Every peer loads the same archive: the Debian image as skopeo writes it for docker. */
function load(facilities: ImageFacilities): TimedCase {
  const file = facilities.pathOf("docker-archive.tar");
  const name = "localhost/bench-loaded:latest";
  return imageCase("load", RUNS, async (images) => {
    if (!existsSync(file)) {
      const copy = ["skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false"];
      runOrThrow([...copy, `docker://${await facilities.debianImage()}`, `docker-archive:${file}:${name}`]);
    }
    return {
      next: () => {
        forget(images, name);
        return images.load(file);
      },
      [Symbol.asyncDispose]: async () => forget(images, name),
    };
  });
}

function list(facilities: ImageFacilities): TimedCase {
  return imageCase(`image ls of ${MANY}`, LIST_RUNS, async (images) => {
    const archive = makeManyImages(facilities.pathOf("many-images"), MANY);
    runOrThrow(images.load(archive.file));
    settle(images);
    return {
      next: () => images.list(),
      [Symbol.asyncDispose]: async () => {
        runOrThrow(images.remove(archive.names));
        settle(images);
      },
    };
  });
}
