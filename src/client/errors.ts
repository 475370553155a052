import { EngineError, type ErrorKind, unavailable } from "../base/errors.ts";

const KIND_OF_STATUS: Readonly<Record<number, ErrorKind>> = {
  304: "notModified",
  400: "invalidArgument",
  401: "unauthenticated",
  403: "permissionDenied",
  404: "notFound",
  409: "conflict",
  501: "notImplemented",
  503: "unavailable",
};

/** An answer of the engine that says no. The message starts with `Error response from daemon: ` as docker prints it. */
export class ResponseError extends EngineError {
  readonly status: number;
  /** The engine's own words. */
  readonly answer: string;

  constructor(status: number, answer: string) {
    super(KIND_OF_STATUS[status] ?? "internal", `Error response from daemon: ${answer}`);
    this.name = "ResponseError";
    this.status = status;
    this.answer = answer;
  }
}

/** The error that the body of an answer with a status of 400 or above stands for. */
export function responseError(status: number, statusText: string, body: string): ResponseError {
  return new ResponseError(status, messageIn(body) || `${status} ${statusText}`);
}

function messageIn(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (parsed !== null && typeof parsed === "object" && "message" in parsed)
      return String(parsed.message).trim();
  } catch {
    // Engines before API 1.24 and proxies answer plain text: that text is the message.
  }
  return body.trim();
}

/** What is thrown when nothing answers at `host`. */
export class ConnectionError extends EngineError {
  constructor(host: string, cause: NodeJS.ErrnoException) {
    super("unavailable", connectionMessage(host, cause), { cause });
    this.name = "ConnectionError";
  }
}

function connectionMessage(host: string, cause: NodeJS.ErrnoException): string {
  if (cause.code === "EACCES" || cause.code === "EPERM")
    return `permission denied while trying to connect to the Docker daemon socket at ${host}: connect: permission denied`;
  if (cause.code === "ENOTFOUND" || cause.code === "EAI_AGAIN")
    return `error during connect: ${cause.message}`;
  if (cause.code !== undefined && /TLS|CERT|SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO/.test(cause.code))
    return `error during connect: ${cause.message}`;
  return `Cannot connect to the Docker daemon at ${host}. Is the docker daemon running?`;
}

/** What is thrown when the connection ends in the middle of an answer. */
export function connectionLost(cause: unknown): EngineError {
  return unavailable("error during connect: unexpected EOF", { cause });
}
