import { expect, test } from "bun:test";
import { permissionDenied } from "../../base/errors.ts";
import { FakeSession } from "../testing/fakes.ts";
import { TestServer } from "../testing/server.ts";
import type { AuthorizationRequest, AuthorizationResponse } from "./authorization.ts";

class RecordingAuthorizer {
  readonly isAsked = true;
  readonly requests: AuthorizationRequest[] = [];
  readonly responses: AuthorizationResponse[] = [];
  denyRequest = false;
  denyResponse = false;

  async checkRequest(request: AuthorizationRequest) {
    this.requests.push(request);
    if (this.denyRequest) throw permissionDenied("no request");
    return {
      checkResponse: async (response: AuthorizationResponse) => {
        this.responses.push(response);
        if (this.denyResponse) throw permissionDenied("no answer");
      },
    };
  }
}

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

async function serve(authorizer: RecordingAuthorizer) {
  const made: unknown[] = [];
  const server = await TestServer.start(
    {
      volumes: {
        list: async () => ({ Volumes: [], Warnings: null }),
        create: async (request: unknown) => {
          made.push(request);
          return { Name: "v1" };
        },
      },
    } as never,
    { authorizer },
  );
  return { server, made };
}

test("an authorizer sees both bodies, and the endpoint gets its own", async () => {
  const authorizer = new RecordingAuthorizer();
  const { server, made } = await serve(authorizer);
  await using _server = server;
  const body = { Name: "v1", Driver: "local" };
  const answer = await server.request("POST", "/v1.50/volumes/create", { body });
  expect(answer.status).toBe(201);
  expect(made).toMatchObject([body]);
  const [request] = authorizer.requests;
  expect(request).toMatchObject({ method: "POST", uri: "/v1.50/volumes/create", user: "" });
  expect(JSON.parse(text(request!.body)!)).toEqual(body);
  expect(authorizer.responses[0]!.status).toBe(201);
  expect(JSON.parse(text(authorizer.responses[0]!.body)!)).toMatchObject({ Name: "v1" });
});

test("a denied request reaches nobody", async () => {
  const authorizer = new RecordingAuthorizer();
  authorizer.denyRequest = true;
  const { server, made } = await serve(authorizer);
  await using _server = server;
  const answer = await server.request("POST", "/v1.50/volumes/create", { body: { Name: "v1" } });
  expect([answer.status, answer.body]).toEqual([403, { message: "no request" }]);
  expect(made).toEqual([]);
});

test("a denied answer is not seen", async () => {
  const authorizer = new RecordingAuthorizer();
  authorizer.denyResponse = true;
  const { server } = await serve(authorizer);
  await using _server = server;
  const answer = await server.request("GET", "/v1.50/volumes");
  expect([answer.status, answer.body]).toEqual([403, { message: "no answer" }]);
});

test("a body that is too long to look at is refused", async () => {
  const authorizer = new RecordingAuthorizer();
  const { server, made } = await serve(authorizer);
  await using _server = server;
  const body = { Name: "v1", Labels: { long: "x".repeat(1024 * 1024) } };
  const answer = await server.request("POST", "/v1.50/volumes/create", { body });
  expect(answer.status).toBe(403);
  expect([made, authorizer.requests]).toEqual([[], []]);
});

test("a session over a connection that is not taken over begins once the authorizer has let it", async () => {
  const authorizer = new RecordingAuthorizer();
  const session = new FakeSession(true);
  const containers = { attach: async () => session };
  await using server = await TestServer.start({ containers }, { authorizer });
  // Behind another request on the same connection, the way clients with a pool of connections ask.
  await server.request("GET", "/_ping");
  const answer = await server.open("POST", "/v1.44/containers/a/attach?stream=1&stdout=1");
  expect(answer.statusCode).toBe(200);
  session.say("out");
  session.output.end();
  expect(await Array.fromAsync(answer, String)).toEqual(["out"]);
  expect(authorizer.responses.at(-1)).toMatchObject({ status: 200, body: undefined });
});
