import { messageOf } from "../../../base/errors.ts";
import type { ExactEvent } from "../../../client/system/events.ts";
import { DOCKER_FUNCTIONS } from "../../../spec/go-template/docker-functions.ts";
import { parseTemplate } from "../../../spec/go-template/template.ts";
import { GO_TYPE } from "../../../spec/go-template/values.ts";
import { ExitError } from "../../exit.ts";

const EXIT_BAD_FORMAT = 64;

/** What docker's struct of an event calls otherwise than its JSON does. */
const GO_NAMES = {
  Status: "status",
  ID: "id",
  From: "from",
  Scope: "scope",
  Time: "time",
  TimeNano: "timeNano",
} as const;

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
function templateEvent(event: Event): object {
  const { Type, Action, Actor } = event;
  const old = Type === "container" || Type === "image" ? { status: Action, id: Actor.ID } : {};
  const from = Type === "container" ? { from: Actor.Attributes["image"] ?? "" } : {};
  const complete = { ...old, ...from, ...event };
  const named = Object.defineProperty(complete, GO_TYPE, { value: "*events.Message", enumerable: false });
  for (const [name, jsonName] of Object.entries(GO_NAMES)) {
    const value = complete[jsonName] ?? "";
    Object.defineProperty(named, name, { value, enumerable: false });
  }
  return named;
}
