import { messageOf } from "../../base/errors.ts";
import type { OCIPlatform } from "../../spec/engine-api/mod.ts";
import { parsePlatform } from "../../spec/oci-image/platform.ts";
import { ExitError } from "../exit.ts";
import { string } from "../flags/types.ts";

/** `--platform` of what brings or runs an image; `DOCKER_DEFAULT_PLATFORM` is its default. */
export const platformFlag = string("Set platform if server is multi-platform capable", {
  default: process.env["DOCKER_DEFAULT_PLATFORM"] ?? "",
});

/** `--platform` of what works on one platform of an image: `usage` says what. */
export function variantFlag(usage: string) {
  return string(`${usage}. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")`);
}

/** The platform that a flag names; undefined where it was not given. Errors: ExitError, its text behind `context`. */
export function choosePlatform(text: string, context = "invalid platform: "): OCIPlatform | undefined {
  if (text === "") return undefined;
  try {
    const { "os.features": _none, ...platform } = parsePlatform(text);
    return platform;
  } catch (error) {
    throw new ExitError(1, `${context}${messageOf(error)}`);
  }
}
