import { messageOf } from "../../base/errors.ts";
import type { Exchange } from "./exchange.ts";

export const JSON_LINES = "application/jsonl";
export const NDJSON = "application/x-ndjson";
/** Source: RFC 7464. */
export const JSON_SEQUENCE = "application/json-seq";

const RECORD_SEPARATOR = "\u001e";

/** A record of a stream of that content type. */
export function encodeRecord(record: unknown, contentType: string): string {
  const line = `${JSON.stringify(record)}\n`;
  return contentType === JSON_SEQUENCE ? RECORD_SEPARATOR + line : line;
}

/**
 * The type among `offers` that an `Accept` header names outright, wildcards not counting; the one with the highest
 * weight, then the earlier offer. Undefined where it names none. Source: RFC 9110, section 12.5.1.
 */
export function acceptedType(accept: string, offers: readonly string[]): string | undefined {
  const weights = new Map<string, number>();
  for (const range of accept.split(",")) {
    const [type, ...parameters] = range.split(";").map((part) => part.trim());
    const weight = parameters.find((parameter) => /^q=/i.test(parameter));
    if (type) weights.set(type.toLowerCase(), weight === undefined ? 1 : Number(weight.slice(2)));
  }
  let best: string | undefined;
  let bestWeight = 0;
  for (const offer of offers) {
    const weight = weights.get(offer) ?? 0;
    if (weight > bestWeight) [best, bestWeight] = [offer, weight];
  }
  return best;
}

async function* encodeMessages(
  first: IteratorResult<unknown>,
  rest: AsyncIterator<unknown>,
  encode: (message: unknown) => string,
): AsyncGenerator<string> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield encode(next.value);
  } catch (error) {
    yield encode(failure(error));
  } finally {
    await rest.return?.();
  }
}

/** The last message of long work that failed: for programs, and as text for those that read only that. */
function failure(error: unknown): object {
  const message = messageOf(error);
  return { errorDetail: { message }, error: message };
}

/**
 * Answers with the messages of long work. An error before the first message becomes the status, a later one the last
 * message. With `always`, the first kind becomes a message too.
 */
export async function answerProgress(
  exchange: Exchange,
  start: () => Promise<AsyncIterable<unknown>>,
  options: { readonly always?: boolean; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const encode = (message: unknown) => `${JSON.stringify(message)}\r\n`;
  const headers = { "Content-Type": "application/json", ...options.headers };
  let messages: AsyncIterator<unknown>;
  let first: IteratorResult<unknown>;
  try {
    messages = (await start())[Symbol.asyncIterator]();
    first = await messages.next();
  } catch (error) {
    if (!options.always) throw error;
    const out = exchange.begin(200, headers);
    await out.write(encode(failure(error)));
    out.end();
    return;
  }
  await exchange.stream(headers, encodeMessages(first, messages, encode));
}
