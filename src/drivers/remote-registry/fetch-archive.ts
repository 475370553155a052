import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { invalidArgument, unavailable } from "../../base/errors.ts";
import type { ProgressMessage } from "../../spec/engine-api/mod.ts";
import { toConnectionError } from "./connection-error.ts";

const MAX_REDIRECTS = 10;

/** The bytes behind a URL that a user gave. Errors: invalidArgument for what is no http(s) URL; unavailable. */
export async function* fetchArchive(
  source: string,
  options: { readonly report: (message: ProgressMessage) => void; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(source) ? source : `http://${source}`;
  if (!URL.canParse(address)) throw invalidArgument(`invalid URL ${JSON.stringify(source)}`);
  options.report({ status: `Downloading from ${address}` });
  const answer = await follow(new URL(address), options.signal);
  const total = Number(answer.headers["content-length"] ?? 0);
  let current = 0;
  for await (const chunk of answer) {
    current += (chunk as Uint8Array).byteLength;
    options.report({ status: "Importing", progressDetail: { current, ...(total > 0 && { total }) } });
    yield chunk as Uint8Array;
  }
}

async function follow(start: URL, signal: AbortSignal): Promise<IncomingMessage> {
  let url = start;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const answer = await get(url, signal);
    const status = answer.statusCode ?? 0;
    const { location } = answer.headers;
    if (status === 200) return answer;
    answer.destroy();
    if (status < 300 || status >= 400 || location === undefined || !URL.canParse(location, url.href)) {
      throw unavailable(
        `failed to GET ${url.origin}${url.pathname} with status ${status} ${answer.statusMessage ?? ""}`.trimEnd(),
      );
    }
    url = new URL(location, url);
  }
  throw unavailable(`Get "${start.origin}${start.pathname}": stopped after ${MAX_REDIRECTS} redirects`);
}

function get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw invalidArgument(`unsupported protocol scheme ${JSON.stringify(url.protocol.slice(0, -1))}`);
  }
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, { signal, agent: false }, resolve);
    request.on("error", (error) => reject(toConnectionError("GET", url, error, signal)));
    request.end();
  });
}
