import type { WriteStream } from "node:tty";
import { pullImage } from "../client/images/pull.ts";
import {
  familiarName,
  fullName,
  parseNormalized,
  tagNameOnly,
  tagOrDigestOf,
} from "../spec/reference/reference.ts";
import { authForImage } from "./auth.ts";
import type { Cli } from "./cli.ts";
import { displayProgress } from "./progress/display.ts";

export interface PullRequest {
  readonly image: string;
  readonly allTags?: boolean;
  readonly platform: string | undefined;
  readonly quiet: boolean;
  readonly target: WriteStream;
}

/** Pulls an image and shows how far it is; the result is the image's full name. */
export async function pullWithProgress(cli: Cli, request: PullRequest): Promise<string> {
  const parsed = parseNormalized(request.image);
  const reference = request.allTags ? parsed : tagNameOnly(parsed);
  // Who cannot be asked for credentials is not asked: many an image needs none, and the registry says where one does.
  const auth = await authForImage(cli, request.image).catch(() => ({}));
  const messages = pullImage(await cli.client(), {
    image: familiarName(reference),
    tag: request.allTags ? undefined : tagOrDigestOf(reference),
    platform: request.platform,
    auth: Object.keys(auth).length === 0 ? undefined : auth,
  });
  const silent = request.quiet;
  if (silent) await drain(messages);
  else await displayProgress(messages, request.target);
  if (request.allTags) return fullName(reference);
  const version = tagOrDigestOf(reference);
  return `${fullName(reference)}${reference.digest ? "@" : ":"}${version}`;
}

async function drain(messages: ReturnType<typeof pullImage>): Promise<void> {
  const { ExitError } = await import("./exit.ts");
  for await (const { errorDetail, error } of messages) {
    const failure = errorDetail?.message ?? error;
    if (failure !== undefined) throw new ExitError(1, failure);
  }
}
