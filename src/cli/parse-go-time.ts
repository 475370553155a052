/** A moment on a calendar; the zone is local where `offsetMinutes` is missing. */
export interface CalendarTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  readonly offsetMinutes?: number;
}

type Fields = { -readonly [K in keyof CalendarTime]?: CalendarTime[K] };

/** The parts of a layout that stand for something; what is between them stands for itself. */
const PARTS = /2006|01|02|15|04|05|\.999999999|Z07:00/g;

const NUMBERS: Readonly<Record<string, readonly [field: keyof Fields, first: number, last: number]>> = {
  "01": ["month", 1, 12],
  "15": ["hour", 0, 23],
  "04": ["minute", 0, 59],
  "05": ["second", 0, 59],
};

/**
 * The moment that `value` is, written as `layout` writes the second of January 2006, 15:04:05.
 * Errors: an Error that says what Go's does. Source: the documentation of Go's `time.Parse`.
 */
export function parseGoTime(layout: string, value: string): CalendarTime {
  return new Parser(layout, value).parse();
}

class Parser {
  readonly #layout: string;
  readonly #value: string;
  readonly #fields: Fields = {};
  #rest: string;

  constructor(layout: string, value: string) {
    this.#layout = layout;
    this.#value = value;
    this.#rest = value;
  }

  parse(): CalendarTime {
    let at = 0;
    for (const match of this.#layout.matchAll(PARTS)) {
      this.#literal(this.#layout.slice(at, match.index));
      this.#part(match[0]);
      at = match.index + match[0].length;
    }
    this.#literal(this.#layout.slice(at));
    if (this.#rest !== "") throw this.#refuse(`extra text: ${JSON.stringify(this.#rest)}`);
    const { year = 1, month = 1, day = 1 } = this.#fields;
    if (day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate())
      throw this.#refuse("day out of range");
    return { hour: 0, minute: 0, second: 0, nanosecond: 0, ...this.#fields, year, month, day };
  }

  #literal(text: string): void {
    if (!this.#rest.startsWith(text)) throw this.#mismatch(text);
    this.#rest = this.#rest.slice(text.length);
  }

  #part(part: string): void {
    if (part === "2006") this.#fields.year = this.#take(/^\d{4}/, part);
    else if (part === "02") this.#fields.day = this.#take(/^\d\d/, part);
    else if (part === "Z07:00") this.#zone(part);
    else if (part === ".999999999") this.#fraction();
    else {
      const [field, first, last] = NUMBERS[part]!;
      const number = this.#take(/^\d\d/, part);
      if (number < first || number > last) throw this.#refuse(`${field} out of range`);
      this.#fields[field] = number;
      // A fraction of a second may follow whether or not the layout has one.
      if (part === "05") this.#fraction();
    }
  }

  #take(pattern: RegExp, part: string): number {
    const [digits] = pattern.exec(this.#rest) ?? [];
    if (digits === undefined) throw this.#mismatch(part);
    this.#rest = this.#rest.slice(digits.length);
    return Number(digits);
  }

  #fraction(): void {
    const [text, digits = ""] = /^[.,](\d+)/.exec(this.#rest) ?? [];
    if (text === undefined) return;
    this.#rest = this.#rest.slice(text.length);
    this.#fields.nanosecond = Number(digits.padEnd(9, "0").slice(0, 9));
  }

  #zone(part: string): void {
    const [text, sign, hours = "0", minutes = "0"] = /^(?:Z|([+-])(\d\d):(\d\d))/.exec(this.#rest) ?? [];
    if (text === undefined) throw this.#mismatch(part);
    if (Number(hours) > 24) throw this.#refuse("time zone offset hour out of range");
    if (Number(minutes) > 60) throw this.#refuse("time zone offset minute out of range");
    this.#rest = this.#rest.slice(text.length);
    this.#fields.offsetMinutes = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  }

  #mismatch(part: string): Error {
    return new Error(
      `parsing time ${JSON.stringify(this.#value)} as ${JSON.stringify(this.#layout)}: cannot parse ${JSON.stringify(this.#rest)} as ${JSON.stringify(part)}`,
    );
  }

  #refuse(reason: string): Error {
    return new Error(`parsing time ${JSON.stringify(this.#value)}: ${reason}`);
  }
}
