import type { Exchange } from "./exchange.ts";

/**
 * One endpoint of the API. In `path` a segment `:name` stands for a name, which may contain slashes (image names do).
 */
export interface Endpoint {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** First API version that has it. */
  readonly since?: string;
  /** Takes the connection over where the client asks for it. */
  readonly hijacks?: boolean;
  /** Answers the request. What it throws becomes the answer unless an answer has begun. */
  handle(exchange: Exchange): Promise<void> | void;
}
