import type { Endpoint } from "./endpoint.ts";

/** A request's target taken apart: `/v1.44/images/a/b/json?x=1` is version 1.44, path `/images/a%2Fb/json`, query `x=1`. */
export interface RequestTarget {
  readonly version: string | undefined;
  /** Path whose names are one segment each, so that an ordinary router can match it. */
  readonly path: string;
  readonly query: string;
}

/** Takes targets apart by what endpoints there are. */
export class TargetParser {
  /** Segments that may follow a name, by method and noun: `GET /images` → `json`, `history`, … */
  readonly #actions = new Map<string, Set<string>>();

  constructor(endpoints: readonly Endpoint[]) {
    for (const { method, path } of endpoints) {
      const match = /^\/([^/]+)\/:[^/]+(?:\/(.+))?$/.exec(path);
      if (!match) continue;
      const key = `${method} ${match[1]}`;
      const actions = this.#actions.get(key) ?? new Set();
      if (match[2] !== undefined) actions.add(match[2]);
      this.#actions.set(key, actions);
    }
  }

  parse(method: string, target: string): RequestTarget {
    const questionMark = target.indexOf("?");
    const whole = questionMark < 0 ? target : target.slice(0, questionMark);
    const query = questionMark < 0 ? "" : target.slice(questionMark + 1);
    const match = /^\/v([0-9.]+)(\/.*)$/.exec(whole);
    const path = this.#joinName(method, match ? match[2]! : whole);
    return { version: match?.[1], path, query };
  }

  #joinName(method: string, path: string): string {
    const [, noun, ...rest] = path.split("/");
    const actions = this.#actions.get(`${method} ${noun}`);
    if (!actions || rest.length === 0) return path;
    // `/containers//web/json`: the name of a container as inspect shows it, with its leading slash.
    while (rest.length > 1 && rest[0] === "") rest.shift();
    if (rest.length < 2) return `/${noun}/${rest.join("/")}`;
    for (const words of [2, 1]) {
      const action = rest.slice(-words).join("/");
      if (rest.length > words && actions.has(action)) {
        return `/${noun}/${rest.slice(0, -words).join("%2F")}/${action}`;
      }
    }
    return `/${noun}/${rest.join("%2F")}`;
  }
}
