import type { Flag } from "../flags/flag.ts";
import { splitCsv } from "../options/csv.ts";
import { layOutLoose } from "../table/tab-writer.ts";

const KEYS: Readonly<Record<string, string>> = {
  from: "Copy named context's Docker endpoint configuration",
  host: "Docker endpoint on which to connect",
  ca: "Trust certs signed only by this CA",
  cert: "Path to TLS certificate file",
  key: "Path to TLS key file",
  "skip-tls-verify": "Skip TLS certificate validation",
};

/** Keys and values of `--docker`; undefined where it was not given. */
export type EndpointSettings = Readonly<Record<string, string>>;

/** `--docker key=value,…`. Source: pflag's `StringToString`. */
export const dockerFlag: Flag<EndpointSettings | undefined> = {
  typeName: "stringToString",
  usage: "set the docker endpoint",
  initial: undefined,
  defaultText: "[]",
  parse: (text, previous) => {
    const pairs = text.split("=").length > 2 ? splitCsv(text) : [text.replace(/^"+|"+$/g, "")];
    return { ...previous, ...Object.fromEntries(pairs.map(splitPair)) };
  },
};

function splitPair(pair: string): [key: string, value: string] {
  const equals = pair.indexOf("=");
  if (equals < 0) throw new Error(`${pair} must be formatted as key=value`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

export function isEndpointKey(key: string): boolean {
  return Object.hasOwn(KEYS, key);
}

/** What help of `context create` and `context update` says. */
export function endpointHelp(verb: "create" | "update"): string {
  const summary = verb === "create" ? "Create a context" : "Update a context";
  const rows = Object.entries(KEYS).map(([key, text]) => `${key}\t${text}\n`);
  return `${summary}

Docker endpoint config:

${layOutLoose(`NAME\tDESCRIPTION\n${rows.join("")}`)}
Example:

$ docker context ${verb} my-context --description "some description" --docker "host=tcp://myserver:2376,ca=~/ca-file,cert=~/cert-file,key=~/key-file"`;
}
