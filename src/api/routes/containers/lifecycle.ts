import { EngineError, invalidArgument, kindOf, messageOf } from "../../../base/errors.ts";
import type {
  ContainerUpdateRequest,
  ContainerWaitResponse,
  WaitCondition,
} from "../../../spec/engine-api/mod.ts";
import { readBody } from "../../../spec/go-json/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange } from "../../server/exchange.ts";
import { adapt } from "../../server/versions.ts";
import { parseFilters } from "../filters.ts";
import type { ContainersBackend, StopOptions } from "./backend.ts";
import { updateRequest } from "./schemas.ts";
import { updateRules } from "./versions.ts";

const PRUNE_FILTERS = new Set(["label", "label!", "until"]);

/** A body of this length is an empty object with white space; old clients sent a whole configuration to start. */
const LONGEST_EMPTY_BODY_BYTES = 7;

/** What changes a container's state. */
export function lifecycleRoutes(backend: ContainersBackend): Endpoint[] {
  const action = (name: string, act: (exchange: Exchange, container: string) => Promise<void>): Endpoint => ({
    method: "POST",
    path: `/containers/:name/${name}`,
    handle: async (exchange) => {
      await act(exchange, exchange.param("name"));
      exchange.empty(204);
    },
  });
  return [
    action("start", async (exchange, container) => {
      refuseStartBody(exchange);
      await backend.start(container);
    }),
    action("stop", (exchange, container) => backend.stop(container, stopOptions(exchange))),
    action("restart", (exchange, container) => backend.restart(container, stopOptions(exchange))),
    action("kill", async ({ query }, container) => {
      try {
        await backend.kill(container, query.text("signal"));
      } catch (error) {
        const message = `cannot kill container: ${container}: ${messageOf(error)}`;
        throw new EngineError(kindOf(error), message, { cause: error });
      }
    }),
    action("pause", (_exchange, container) => backend.pause(container)),
    action("unpause", (_exchange, container) => backend.unpause(container)),
    action("rename", ({ query }, container) => backend.rename(container, query.text("name"))),
    {
      method: "POST",
      path: "/containers/:name/resize",
      handle: async (exchange) => {
        const rows = exchange.query.uint32("h", "invalid resize height");
        const columns = exchange.query.uint32("w", "invalid resize width");
        await backend.resize(exchange.param("name"), { rows, columns });
        exchange.empty(200);
      },
    },
    {
      method: "POST",
      path: "/containers/:name/update",
      handle: async (exchange) => {
        const body = readBody<ContainerUpdateRequest>(updateRequest, await exchange.readJson());
        const request = adapt(updateRules, exchange.version, body);
        if (request.PidsLimit !== undefined && request.PidsLimit !== null && request.PidsLimit < 0) {
          request.PidsLimit = 0;
        }
        const { warnings } = await backend.update(exchange.param("name"), request);
        exchange.json(200, { Warnings: warnings.length > 0 ? warnings : null });
      },
    },
    {
      method: "POST",
      path: "/containers/:name/wait",
      handle: (exchange) => answerWait(backend, exchange),
    },
    {
      method: "DELETE",
      path: "/containers/:name",
      handle: async (exchange) => {
        await backend.remove(exchange.param("name"), {
          force: exchange.query.bool("force"),
          volumes: exchange.query.bool("v"),
          link: exchange.query.bool("link"),
        });
        exchange.empty(204);
      },
    },
    {
      method: "POST",
      path: "/containers/prune",
      since: "1.25",
      handle: async (exchange) => {
        exchange.json(200, await backend.prune(parseFilters(exchange.query.text("filters"), PRUNE_FILTERS)));
      },
    },
  ];
}

function refuseStartBody(exchange: Exchange): void {
  const { "transfer-encoding": encoding, "content-length": length } = exchange.request.headers;
  if (encoding === undefined && Number(length ?? 0) <= LONGEST_EMPTY_BODY_BYTES) return;
  throw invalidArgument(
    "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24",
  );
}

function stopOptions({ query, version }: Exchange): StopOptions {
  const signal = version.atLeast("1.42") ? query.text("signal") : "";
  return { signal: signal === "" ? undefined : signal, timeoutSeconds: query.int("t") };
}

const CONDITIONS: readonly string[] = ["not-running", "next-exit", "removed"] satisfies WaitCondition[];

function waitCondition({ query, version }: Exchange): WaitCondition {
  const text = version.atLeast("1.30") ? query.text("condition") : "";
  if (text === "") return "not-running";
  if (CONDITIONS.includes(text)) return text as WaitCondition;
  throw invalidArgument(`invalid condition: ${JSON.stringify(text)}`);
}

/** The head of the answer goes out when the container is being watched, the body when the condition holds. */
async function answerWait(backend: ContainersBackend, exchange: Exchange): Promise<void> {
  const condition = waitCondition(exchange);
  const { result } = await backend.wait(exchange.param("name"), condition, { signal: exchange.signal });
  if (exchange.version.below("1.30")) {
    exchange.json(200, await result);
    return;
  }
  const out = exchange.begin(200, { "Content-Type": "application/json" });
  const ended: ContainerWaitResponse = await result;
  // Before 1.34 a failed removal could not be told: an empty body is the error.
  const silent = condition === "removed" && ended.Error && exchange.version.below("1.34");
  if (!silent) await out.write(`${JSON.stringify(ended)}\n`);
  out.end();
}
