import { invalidArgument } from "../../../base/errors.ts";
import type { Filters } from "../../../base/filters.ts";

/** Ports that a filter of `ps` wants: `publish` those of the host, `expose` those of the container. */
export interface WantedPorts {
  readonly filter: "publish" | "expose";
  readonly protocol: string;
  readonly first: number;
  readonly last: number;
}

const HIGHEST_PORT = 65_535;

/** What `publish=80`, `publish=80/udp` and `expose=8000-8080/tcp` ask for. Errors: invalidArgument, docker's texts. */
export function parsePortFilters(filters: Filters): WantedPorts[] {
  return (["publish", "expose"] as const).flatMap((filter) =>
    (filters.get(filter) ?? []).map((value) => parsePortFilter(filter, value)),
  );
}

function parsePortFilter(filter: WantedPorts["filter"], value: string): WantedPorts {
  if (value.includes(":")) {
    throw invalidArgument(`filter for '${filter}' should not contain ':': ${value}`);
  }
  const [range = "", protocol = "tcp"] = value.split("/");
  const refuse = (reason: string) =>
    invalidArgument(`error while looking up for ${filter} ${value}: ${reason}`);
  if (range === "") throw refuse("empty string specified for ports");
  const [first, last = first] = range.split("-").map((text) => {
    if (/^\d+$/.test(text) && Number(text) <= HIGHEST_PORT) return Number(text);
    throw refuse(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  });
  if (last! < first!) throw refuse(`invalid range specified for port: ${range}`);
  return { filter, protocol: protocol.toLowerCase(), first: first!, last: last! };
}
