import { expect, test } from "bun:test";
import { parseChallenges } from "./challenge.ts";
import { describeStrangeBody, formatRegistryErrors, parseErrorBody } from "./error-body.ts";
import { parseContentRange, parseNextLink, parseRetryAfterMs, parseUploadedBytes } from "./range.ts";
import { parseTokenGrant, repositoryScope } from "./token.ts";

test("challenges", () => {
  expect(
    parseChallenges([
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push", Basic realm="a \\"b\\""',
    ]),
  ).toEqual([
    {
      scheme: "bearer",
      parameters: {
        realm: "https://auth.docker.io/token",
        service: "registry.docker.io",
        scope: "repository:a/b:pull,push",
      },
    },
    { scheme: "basic", parameters: { realm: 'a "b"' } },
  ]);
  expect(parseChallenges(["Negotiate", "BASIC realm=x"])).toEqual([
    { scheme: "negotiate", parameters: {} },
    { scheme: "basic", parameters: { realm: "x" } },
  ]);
  expect(parseChallenges(["", "=,=", 'Bearer realm="unterminated'])).toEqual([
    { scheme: "bearer", parameters: { realm: "unterminated" } },
  ]);
});

test("error bodies", () => {
  const told = (body: unknown) => formatRegistryErrors(parseErrorBody(Buffer.from(JSON.stringify(body))));
  expect(told({ errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] })).toBe(
    "manifest unknown: manifest unknown",
  );
  expect(told({ errors: [{ code: "UNAUTHORIZED" }, { code: "DENIED", message: "no" }] })).toBe(
    "errors:\nunauthorized: authentication required\ndenied: no\n",
  );
  expect(told({ details: "incorrect username or password" })).toBe("unknown: incorrect username or password");
  expect(told({ Errors: [{ Code: "DENIED", Message: "not you" }] })).toBe("denied: not you");
  expect(describeStrangeBody(403, Buffer.from("no way"))).toBe(
    `error parsing HTTP 403 response body: invalid character 'o' in literal null (expecting 'u'): "no way"`,
  );
  expect(describeStrangeBody(404, Buffer.from("{}"))).toBe(
    'error parsing HTTP 404 response body: no error details found in HTTP response body: "{}"',
  );
  expect(parseErrorBody(Buffer.from("<html>"))).toEqual([]);
  expect(parseErrorBody(Buffer.from("null"))).toEqual([]);
  expect(parseErrorBody(Buffer.from('{"errors":[1,null,"x"]}'))).toEqual([]);
});

test("tokens", () => {
  const grant = (value: unknown) => parseTokenGrant(Buffer.from(JSON.stringify(value)));
  expect(grant({ access_token: "a", expires_in: 300, refresh_token: "r" })).toEqual({
    token: "a",
    refreshToken: "r",
    expiresInMs: 300_000,
  });
  expect(grant({ token: "t", expires_in: -5 }).expiresInMs).toBe(60_000);
  for (const bad of [null, {}, { token: "" }, { token: "a\r\nX: y" }, { token: 5 }]) {
    expect(() => grant(bad)).toThrow("did not include a token");
  }
  expect(repositoryScope("a/b", ["push", "pull"])).toBe("repository:a/b:pull,push");
});

test("ranges and links", () => {
  expect(parseContentRange("bytes 5-9/10")).toEqual({ firstByte: 5, lastByte: 9, totalBytes: 10 });
  expect(parseContentRange("bytes 5-9/*")!.totalBytes).toBeUndefined();
  for (const bad of [undefined, "bytes 9-5/10", "bytes 0-10/10", "5-9/10"])
    expect(parseContentRange(bad)).toBeUndefined();
  expect(parseUploadedBytes("0-99")).toBe(100);
  expect(parseUploadedBytes("5-99")).toBeUndefined();
  expect(parseRetryAfterMs("3", 0)).toBe(3000);
  expect(parseRetryAfterMs("Thu, 01 Jan 1970 00:00:05 GMT", 1000)).toBe(4000);
  expect(parseRetryAfterMs("soon", 0)).toBeUndefined();
  expect(parseNextLink('</v2/x/tags/list?last=b&n=2>; rel="next"')).toBe("/v2/x/tags/list?last=b&n=2");
  expect(parseNextLink('<a>; rel="prev", <b>; rel=next')).toBe("b");
});
