import { existsSync, statSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { isDigest } from "../base/digest.ts";
import { invalidArgument, isKind } from "../base/errors.ts";
import type { ApiClient } from "../client/api-client.ts";
import { isOlder } from "../client/api-version.ts";
import { createContainer } from "../client/containers/create.ts";
import { ResponseError } from "../client/errors.ts";
import type { ContainerCreateRequest, ContainerCreateResponse } from "../spec/engine-api/mod.ts";
import { parseNormalized } from "../spec/reference/reference.ts";
import type { Cli } from "./cli.ts";
import { familiarWithTag } from "./reference.ts";

export interface CreateOptions {
  readonly name: string;
  readonly platform: string;
  readonly pull: string;
  readonly quiet: boolean;
  readonly cidFile: string;
}

/** Makes a container, pulls its image where it is missing, and writes the id to the file that was asked for. */
export async function createWithPull(
  cli: Cli,
  body: ContainerCreateRequest,
  options: CreateOptions,
): Promise<ContainerCreateResponse> {
  const client = await cli.client();
  if (isOlder(await client.apiVersion(), "1.44")) moveMacAddress(body);
  await using cidFile = await reserveCidFile(options.cidFile);
  checkImage(body.Image!);
  if (options.pull === "always") await pull(cli, body.Image!, options);
  const created = await createOrPull(cli, client, body, options);
  for (const warning of created.Warnings ?? []) cli.warn(`WARNING: ${warning}`);
  await cidFile.write(created.Id);
  return created;
}

/** Errors: invalidArgument for a policy that is none. */
export function checkPullPolicy(pull: string): void {
  if (["always", "missing", "never"].includes(pull)) return;
  throw invalidArgument(`invalid pull option: '${pull}': must be one of "always", "missing" or "never"`);
}

/** Errors: invalidArgument for what is neither an image's name nor an id. */
function checkImage(image: string): void {
  if (!/^[0-9a-f]{64}$/.test(image) && !isDigest(image)) parseNormalized(image);
}

/** Before API 1.44 the address was the container's, not its endpoint's. */
function moveMacAddress(body: ContainerCreateRequest): void {
  const [endpoint] = Object.values(body.NetworkingConfig?.EndpointsConfig ?? {});
  if (endpoint?.MacAddress) body.MacAddress = endpoint.MacAddress;
}

async function createOrPull(
  cli: Cli,
  client: ApiClient,
  body: ContainerCreateRequest,
  options: CreateOptions,
): Promise<ContainerCreateResponse> {
  const request = () =>
    createContainer(client, body, {
      ...(options.name === "" ? {} : { name: options.name }),
      ...(options.platform === "" ? {} : { platform: options.platform }),
    });
  try {
    return await request();
  } catch (error) {
    if (!isKind(error, "notFound") || options.pull !== "missing" || !isMissingImage(error)) throw error;
    if (!options.quiet) cli.warn(`Unable to find image '${familiarWithTag(body.Image!)}' locally`);
    await pull(cli, body.Image!, options);
    return await request();
  }
}

/** No image of that name, or none for that platform. */
const MISSING_IMAGE = /no such image|does not provide the specified platform/i;

/** A create request can name other things that do not exist, a network for one. */
function isMissingImage(error: unknown): boolean {
  return error instanceof ResponseError && MISSING_IMAGE.test(error.answer);
}

async function pull(cli: Cli, image: string, options: CreateOptions): Promise<void> {
  const { pullWithProgress } = await import("./pull-with-progress.ts");
  await pullWithProgress(cli, {
    image,
    platform: options.platform || undefined,
    quiet: options.quiet,
    target: cli.stderr,
  });
}

interface CidFile extends AsyncDisposable {
  write(id: string): Promise<void>;
}

/** Takes the file before anything is made, so that no container is left without a record; removes an unused one. */
async function reserveCidFile(path: string): Promise<CidFile> {
  if (path === "") return { write: async () => {}, [Symbol.asyncDispose]: async () => {} };
  if (existsSync(path))
    throw invalidArgument(
      `container ID file found, make sure the other container isn't running or delete ${path}`,
    );
  const file = await open(path, "w", 0o644).catch((cause: unknown) => {
    throw invalidArgument(`failed to create the container ID file: open ${path}: no such file or directory`, {
      cause,
    });
  });
  return {
    write: async (id) => {
      await file.writeFile(id);
    },
    [Symbol.asyncDispose]: async () => {
      await file.close();
      if (statSync(path).size === 0) await rm(path);
    },
  };
}
