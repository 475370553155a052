import { invalidArgument } from "../../../base/errors.ts";

/**
 * `--link` on the default bridge: another container by a name of this one's own, in its hosts file and environment.
 * On networks that have names a link is an alias, which the resolver knows. Source: docker, "Legacy container links".
 */
export interface Link {
  /** The other container, by name or id as given. */
  readonly target: string;
  readonly alias: string;
}

/** Reads `container:alias`, `container`, and `/container:/self/alias` as inspect shows it. Errors: invalidArgument. */
export function parseLink(text: string): Link {
  const [target = "", alias = "", ...rest] = text.split(":");
  if (target === "" || rest.length > 0) throw invalidArgument(`bad format for links: ${text}`);
  const own = alias === "" ? target : alias;
  return { target: target.replace(/^\//, ""), alias: own.slice(own.lastIndexOf("/") + 1) };
}
