import { EngineError, messageOf } from "../../base/errors.ts";

/** Longest text in one field: names, addresses and messages are short, and some are kept. */
const LONGEST_TEXT = 64 * 1024;
const MOST_ENTRIES = 100_000;

/** The plug-in answered, and its answer says no or is none. */
export class PluginRefusal extends EngineError {
  /** HTTP status of the answer. */
  readonly status: number;

  constructor(message: string, status = 200, cause?: unknown) {
    super("internal", message, cause === undefined ? {} : { cause });
    this.name = "PluginRefusal";
    this.status = status;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * An answer of a plug-in, a program of somebody else: each field is checked when it is read. One that is missing or null
 * reads as empty, false or undefined, as it does in Go. Errors: PluginRefusal for a field of another type or size.
 */
export class Reply {
  readonly #method: string;
  readonly #fields: Fields;

  constructor(method: string, fields: Fields) {
    this.#method = method;
    this.#fields = fields;
  }

  /** Reads the text of an answer; an empty one has no fields. */
  static parse(method: string, text: string): Reply {
    if (text.trim() === "") return new Reply(method, {});
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (error) {
      throw new PluginRefusal(`${method}: error reading plugin resp: ${messageOf(error)}`, 200, error);
    }
    if (parsed === null) return new Reply(method, {});
    if (!isObject(parsed)) throw new PluginRefusal(`${method}: error reading plugin resp: not an object`);
    return new Reply(method, parsed);
  }

  text(field: string): string {
    return this.#checkText(field, this.#fields[field] ?? "");
  }

  flag(field: string): boolean {
    const value = this.#fields[field] ?? false;
    return typeof value === "boolean" ? value : this.#fail(field, "true or false");
  }

  /** A whole number from 0 to `most`. */
  count(field: string, most: number): number {
    const value = this.#fields[field] ?? 0;
    const fits = typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
    return fits ? value : this.#fail(field, `a number from 0 to ${most}`);
  }

  object(field: string): Reply | undefined {
    const value = this.#fields[field] ?? undefined;
    if (value === undefined) return undefined;
    return isObject(value) ? new Reply(this.#method, value) : this.#fail(field, "an object");
  }

  objects(field: string): Reply[] {
    return this.#list(field).map((value) =>
      isObject(value) ? new Reply(this.#method, value) : this.#fail(field, "a list of objects"),
    );
  }

  texts(field: string): string[] {
    return this.#list(field).map((value) => this.#checkText(field, value));
  }

  textMap(field: string): Record<string, string> {
    const value = this.#fields[field] ?? {};
    if (!isObject(value)) return this.#fail(field, "an object");
    const entries = Object.entries(value).slice(0, MOST_ENTRIES);
    return Object.fromEntries(entries.map(([key, text]) => [key, this.#checkText(field, text)]));
  }

  /** A field that is handed on as it is, to whoever asks for it. */
  values(field: string): Record<string, unknown> {
    const value = this.#fields[field] ?? {};
    return isObject(value) ? { ...value } : this.#fail(field, "an object");
  }

  /** What this answer is told to be, in an error of its reader. */
  refuse(problem: string): PluginRefusal {
    return new PluginRefusal(`${this.#method}: error reading plugin resp: ${problem}`);
  }

  #list(field: string): readonly unknown[] {
    const value = this.#fields[field] ?? [];
    if (!Array.isArray(value) || value.length > MOST_ENTRIES) return this.#fail(field, "a list");
    return value;
  }

  #checkText(field: string, value: unknown): string {
    if (typeof value === "string" && value.length <= LONGEST_TEXT && !value.includes("\0")) return value;
    return this.#fail(field, "a text");
  }

  #fail(field: string, wanted: string): never {
    throw this.refuse(`${field} is not ${wanted}`);
  }
}
