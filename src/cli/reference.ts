import { familiarString, parseNormalized, tagNameOnly } from "../spec/reference/reference.ts";

/** An image's name as people write it, with `latest` where it has neither tag nor digest. */
export function familiarWithTag(image: string): string {
  return familiarString(tagNameOnly(parseNormalized(image)));
}
