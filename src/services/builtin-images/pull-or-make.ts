import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isKind } from "../../base/errors.ts";
import type { ProgressMessage } from "../../spec/engine-api/mod.ts";
import { fullString, parseNormalized, tagNameOnly } from "../../spec/reference/reference.ts";
import type { ImageService } from "../images/mod.ts";
import { makeBusyboxTree } from "./busybox-tree.ts";

const BUSYBOX = "docker.io/library/busybox:latest";

type PullOptions = Parameters<ImageService["pull"]>[0];

/**
 * As `ImageService.pull`; where the registry of `busybox:latest` cannot be reached, the image is made from this machine's
 * static busybox instead, and a message says so. A registry that answers with a refusal is left the last word.
 * Errors: those of the pull.
 */
export async function pullOrMake(
  images: ImageService,
  options: PullOptions,
): Promise<AsyncIterable<ProgressMessage>> {
  const pull = await images.pull(options);
  if (options.platform || fullString(tagNameOnly(parseNormalized(options.reference))) !== BUSYBOX)
    return pull;
  return withFallback(images, pull);
}

async function* withFallback(
  images: ImageService,
  pull: AsyncIterable<ProgressMessage>,
): AsyncIterable<ProgressMessage> {
  try {
    yield* pull;
  } catch (error) {
    if (!isKind(error, "unavailable")) throw error;
    yield* makeBusybox(images, error);
  }
}

async function* makeBusybox(images: ImageService, reason: Error): AsyncIterable<ProgressMessage> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-busybox-"));
  try {
    await makeBusyboxTree(directory);
    const image = await images.createFromTree({
      source: { directory },
      name: BUSYBOX,
      config: { Cmd: ["sh"], Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] },
      createdBy: "made from this machine's busybox-static",
    });
    yield { status: `No registry in reach (${reason.message})` };
    yield { status: `Digest: ${image.manifest}` };
    yield { status: "Status: Made busybox:latest from this machine's busybox-static" };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
