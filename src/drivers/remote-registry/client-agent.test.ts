import { expect, test } from "bun:test";
import { onBehalfOf } from "./client-agent.ts";
import type { HttpRequest, HttpSender } from "./transport.ts";

test("the registry is told who asked the engine, and what is asked stays as it is", async () => {
  const sent: HttpRequest[] = [];
  const sender = { send: async (request: HttpRequest) => void sent.push(request) } as unknown as HttpSender;
  const request = { method: "GET", url: new URL("http://host/v2/"), headers: { accept: "x" } };
  await onBehalfOf(sender, "Docker-Client/28.2.2 (linux)", "gantry/1").send(request);
  await onBehalfOf(sender, "", "gantry/1").send(request);
  const agent = "gantry/1 UpstreamClient(Docker-Client/28.2.2 \\(linux\\))";
  expect(sent).toEqual([{ ...request, headers: { "user-agent": agent, accept: "x" } }, request]);
});
