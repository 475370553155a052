import { expect, test } from "bun:test";
import { isKind } from "../../base/errors.ts";
import {
  familiarMatches,
  familiarName,
  familiarString,
  fullString,
  parseNormalized,
  tagNameOnly,
  withTag,
} from "./reference.ts";

const SHA = `sha256:${"a1".repeat(32)}`;

/** text, full form, familiar form */
const VALID: ReadonlyArray<readonly [string, string, string]> = [
  ["busybox", "docker.io/library/busybox", "busybox"],
  ["busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"],
  ["library/busybox", "docker.io/library/busybox", "busybox"],
  ["docker.io/busybox", "docker.io/library/busybox", "busybox"],
  ["index.docker.io/busybox", "docker.io/library/busybox", "busybox"],
  ["index.docker.io/library/busybox", "docker.io/library/busybox", "busybox"],
  ["user/app", "docker.io/user/app", "user/app"],
  ["docker.io/library/team/app", "docker.io/library/team/app", "library/team/app"],
  ["localhost/app", "localhost/app", "localhost/app"],
  ["localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1"],
  ["foo.com/app", "foo.com/app", "foo.com/app"],
  ["FOO/app", "FOO/app", "FOO/app"],
  ["[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app"],
  ["[2001:db8::1]/app:x", "[2001:db8::1]/app:x", "[2001:db8::1]/app:x"],
  ["app:5000", "docker.io/library/app:5000", "app:5000"],
  ["a__b/c--d/e.f_g", "docker.io/a__b/c--d/e.f_g", "a__b/c--d/e.f_g"],
  [`busybox@${SHA}`, `docker.io/library/busybox@${SHA}`, `busybox@${SHA}`],
  [`busybox:x@${SHA}`, `docker.io/library/busybox:x@${SHA}`, `busybox:x@${SHA}`],
  ["xn--n3h.com/app", "xn--n3h.com/app", "xn--n3h.com/app"],
  ["sha256", "docker.io/library/sha256", "sha256"],
  [`x:${"t".repeat(128)}`, `docker.io/library/x:${"t".repeat(128)}`, `x:${"t".repeat(128)}`],
];

test("names are normalised and made familiar again", () => {
  for (const [text, full, familiar] of VALID) {
    const reference = parseNormalized(text);
    expect([text, fullString(reference), familiarString(reference)]).toEqual([text, full, familiar]);
    expect(parseNormalized(full)).toEqual(reference);
    expect(parseNormalized(familiar)).toEqual(reference);
  }
});

const FORMAT = "invalid reference format";
const INVALID: ReadonlyArray<readonly [string, string]> = [
  ["", FORMAT],
  ["Foo", `${FORMAT}: repository name (library/Foo) must be lowercase`],
  ["docker.io/Foo/bar:X", `${FORMAT}: repository name (Foo/bar) must be lowercase`],
  ["localhost:5000/Foo", `${FORMAT}: repository name (Foo) must be lowercase`],
  ["a".repeat(64), `invalid repository name (${"a".repeat(64)}), cannot specify 64-byte hexadecimal strings`],
  ["foo//bar", FORMAT],
  ["foo/", FORMAT],
  ["/foo", FORMAT],
  ["foo:", FORMAT],
  ["foo@", FORMAT],
  ["foo:a b", FORMAT],
  ["-foo", FORMAT],
  ["foo-", FORMAT],
  ["a___b", FORMAT],
  ["a..b/c", FORMAT],
  ["foo.com:http/app", FORMAT],
  ["[fe80::1%eth0]/app", FORMAT],
  ["https://foo.com/app", FORMAT],
  ["foo\n", FORMAT],
  ["fo\0o", FORMAT],
  [`foo:${"t".repeat(129)}`, FORMAT],
  [`foo.com/${"a".repeat(256)}`, `${FORMAT}: repository name must not be more than 255 characters`],
  [`foo@sha256:${"a".repeat(63)}`, `${FORMAT}: invalid checksum digest length`],
  [`foo@sha9:${"a".repeat(64)}`, `${FORMAT}: unsupported digest algorithm`],
];

test("what is no reference is refused with distribution's words", () => {
  for (const [text, message] of INVALID) {
    let told = "accepted";
    try {
      parseNormalized(text);
    } catch (error) {
      told = isKind(error, "invalidArgument") ? error.message : String(error);
    }
    expect([text, told]).toEqual([text, message]);
  }
});

test("any text is either refused as invalid or survives a round trip, in little time", () => {
  const alphabet = "aZ0.-_:/@[]%\0 é";
  let seed = 42;
  const random = (limit: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % limit;
  };
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: random(24) }, () => alphabet[random(alphabet.length)]).join("");
    try {
      const reference = parseNormalized(text);
      expect(parseNormalized(fullString(reference))).toEqual(reference);
      expect(parseNormalized(familiarString(reference))).toEqual(reference);
    } catch (error) {
      if (!isKind(error, "invalidArgument")) throw new Error(`${JSON.stringify(text)}: ${error}`);
    }
  }
  const startMs = performance.now();
  for (const text of [
    "a-".repeat(1000),
    "a.".repeat(1000),
    "a_".repeat(120),
    "[".repeat(2000),
    `x/${"a/".repeat(900)}`,
  ]) {
    expect(() => parseNormalized(text)).toThrow();
  }
  expect(performance.now() - startMs).toBeLessThan(2_000);
});

test("tags and patterns", () => {
  const busybox = parseNormalized("busybox");
  expect(tagNameOnly(busybox).tag).toBe("latest");
  expect(tagNameOnly(parseNormalized(`busybox@${SHA}`)).tag).toBeUndefined();
  expect(familiarName(withTag(parseNormalized("foo.com/a:x"), "y"))).toBe("foo.com/a");
  expect(() => withTag(busybox, "a/b")).toThrow("invalid tag format");
  const named = parseNormalized("foo.com/team/app:v1.2");
  for (const pattern of [
    "foo.com/team/app",
    "foo.com/*/app:v1*",
    "foo.com/team/app:v1.?",
    "foo.com/team/[a-c]pp",
  ]) {
    expect([pattern, familiarMatches(pattern, named)]).toEqual([pattern, true]);
  }
  for (const pattern of ["app", "*", "foo.com/*", "foo.com/team/[^a]pp"]) {
    expect([pattern, familiarMatches(pattern, named)]).toEqual([pattern, false]);
  }
  expect(() => familiarMatches("a[", named)).toThrow("syntax error in pattern");
});
