import { messageOf } from "../../../base/errors.ts";
import type { ExactEvent } from "../../../client/system/events.ts";
import { DOCKER_FUNCTIONS } from "../../../spec/go-template/docker-functions.ts";
import { readIntoStruct } from "../../../spec/go-template/go-structs.ts";
import { parseTemplate } from "../../../spec/go-template/template.ts";
import { ExitError } from "../../exit.ts";
import { GO_STRUCTS } from "../../go-structs/mod.ts";

const EXIT_BAD_FORMAT = 64;

type Event = Omit<ExactEvent, "Type" | "scope"> & { readonly Type: string; readonly scope: string };

/** An event of which nothing is known. */
const EMPTY: Event = {
  Type: "",
  Action: "",
  Actor: { ID: "", Attributes: {} },
  scope: "",
  time: 0,
  timeNano: 0n,
};

/**
 * The line of an event by `json` or `TEMPLATE`. Errors: ExitError 64, before there is any event, for a template that
 * does not parse or asks for what no event has.
 */
export function eventTemplate(format: string): (event: ExactEvent) => string {
  try {
    const template = parseTemplate(format === "json" ? "{{json .}}" : format, {
      functions: DOCKER_FUNCTIONS,
    });
    template.execute(templateEvent(EMPTY));
    return (event) => template.execute(templateEvent(event));
  } catch (error) {
    throw new ExitError(EXIT_BAD_FORMAT, `Error parsing format: ${messageOf(error)}`);
  }
}

/** The event with the fields that containers and images had besides, which the newest versions of the API leave out. */
function templateEvent(event: Event): unknown {
  const { Type, Action, Actor } = event;
  const old = Type === "container" || Type === "image" ? { status: Action, id: Actor.ID } : {};
  const from = Type === "container" ? { from: Actor.Attributes["image"] ?? "" } : {};
  return readIntoStruct({ ...old, ...from, ...event }, "*events.Message", GO_STRUCTS);
}
