import { formatSize } from "../../base/bytes.ts";
import { shortId } from "../../base/ids.ts";
import type { ImageSummary } from "../../spec/engine-api/mod.ts";
import { goTime, timeAgo } from "./values.ts";
import type { View } from "./view.ts";

const NONE = "<none>";

/** One line of the table: an image under one of its names. */
export interface ImageRow {
  readonly image: ImageSummary;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

interface Names {
  readonly tags: string[];
  readonly digests: string[];
}

/** `repo:tag` and `repo@digest` apart at the last separator. */
function splitAt(text: string, separator: string): [string, string] {
  const at = text.lastIndexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}

function namesByRepository(image: ImageSummary): Map<string, Names> {
  const repositories = new Map<string, Names>();
  const entry = (repository: string) => {
    const names = repositories.get(repository) ?? { tags: [], digests: [] };
    repositories.set(repository, names);
    return names;
  };
  for (const name of image.RepoTags ?? []) {
    const [repository, tag] = splitAt(name, ":");
    if (repository !== NONE) entry(repository).tags.push(tag);
  }
  for (const name of image.RepoDigests ?? []) {
    const [repository, digest] = splitAt(name, "@");
    if (repository !== NONE) entry(repository).digests.push(digest);
  }
  return repositories;
}

/** The lines that an image takes: one for each tag, and with `digests` one for each digest of each. */
export function imageRows(image: ImageSummary, digests: boolean): ImageRow[] {
  const rows: ImageRow[] = [];
  for (const [repository, names] of namesByRepository(image)) {
    const tags = names.tags.length === 0 ? [NONE] : names.tags;
    const shown = digests && names.digests.length > 0 ? names.digests : [NONE];
    for (const tag of tags) for (const digest of shown) rows.push({ image, repository, tag, digest });
  }
  return rows.length > 0 ? rows : [{ image, repository: NONE, tag: NONE, digest: NONE }];
}

/** Images as `images` shows them; `full` cuts nothing. */
export function imageView(full: boolean): View<ImageRow> {
  const count = (number: number) => (number < 0 ? "N/A" : String(number));
  const size = (bytes: number) => (bytes < 0 ? "N/A" : formatSize(bytes));
  return {
    typeName: "*formatter.imageContext",
    fields: {
      ID: { header: "IMAGE ID", value: ({ image }) => (full ? image.Id : shortId(image.Id)) },
      Repository: { header: "REPOSITORY", value: ({ repository }) => repository },
      Tag: { header: "TAG", value: ({ tag }) => tag },
      Digest: { header: "DIGEST", value: ({ digest }) => digest },
      CreatedSince: { header: "CREATED", value: ({ image }) => timeAgo(image.Created) },
      CreatedAt: { header: "CREATED AT", value: ({ image }) => goTime(image.Created) },
      Size: { header: "SIZE", value: ({ image }) => formatSize(image.Size, 3) },
      VirtualSize: { header: "SIZE", value: ({ image }) => formatSize(image.Size) },
      Containers: { header: "CONTAINERS", value: ({ image }) => count(image.Containers) },
      SharedSize: { header: "SHARED SIZE", value: ({ image }) => size(image.SharedSize) },
      UniqueSize: {
        header: "UNIQUE SIZE",
        value: ({ image }) => (image.SharedSize < 0 ? "N/A" : size(image.Size - image.SharedSize)),
      },
    },
  };
}
