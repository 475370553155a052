import { messageOf } from "../../../base/errors.ts";
import { tagImage } from "../../../client/images/tag.ts";
import {
  familiarName,
  type NamedReference,
  parseNormalized,
  tagNameOnly,
} from "../../../spec/reference/reference.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";

function parseTarget(target: string): NamedReference {
  try {
    return parseNormalized(target);
  } catch (error) {
    throw new ExitError(
      1,
      `Error parsing reference: ${JSON.stringify(target)} is not a valid repository/tag: ${messageOf(error)}`,
    );
  }
}

export const command = defineCommand({
  usage: "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
  args: { min: 2, max: 2 },
  flags: {},
  run: async (cli, { args }) => {
    const [source, target] = args;
    const reference = tagNameOnly(parseTarget(target!));
    if (reference.digest !== undefined)
      throw new ExitError(1, "refusing to create a tag with a digest reference");
    await tagImage(await cli.client(), source!, familiarName(reference), reference.tag!);
    return 0;
  },
});
