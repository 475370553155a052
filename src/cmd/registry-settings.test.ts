import { expect, test } from "bun:test";
import { checkRegistrySettings, proxiesOf, proxyEnvironment } from "./registry-settings.ts";

const plain = {
  "insecure-registry": [] as string[],
  "registry-mirror": [] as string[],
  "max-concurrent-downloads": 3,
  "max-concurrent-uploads": 5,
  "max-download-attempts": 5,
};

test("mirrors are addresses of web servers, with docker's words for those that are not", () => {
  const mirrors = (...list: string[]) =>
    checkRegistrySettings({ ...plain, "registry-mirror": list })["registry-mirror"];
  expect(mirrors("https://a.example", "https://a.example/", "http://b.example:5000/path")).toEqual([
    "https://a.example/",
    "http://b.example:5000/path/",
  ]);
  const must = "must use either 'https://' or 'http://'";
  for (const [mirror, text] of [
    ["a.example:5000", `no scheme specified for "a.example:5000": ${must}`],
    ["ftp://a.example", `unsupported scheme "ftp" in "ftp://a.example": ${must}`],
    ["https://a.example?q", 'query or fragment at end of the URI "https://a.example?q"'],
    ["https://me:secret@a.example/", 'username/password not allowed in URI "https://me:xxxxx@a.example/"'],
    ["https://[::1/", '"https://[::1/" is not a valid URI'],
  ] as const) {
    expect(() => mirrors(mirror)).toThrow(`invalid mirror: ${text}`);
  }
});

test("insecure registries are hosts, addresses and networks", () => {
  const registries = (...list: string[]) =>
    checkRegistrySettings({ ...plain, "insecure-registry": list })["insecure-registry"];
  expect(registries("http://reg.example:5000", "10.0.0.0/8", "fd00::/8", "[2001:db8::1]:80", "::1")).toEqual([
    "reg.example:5000",
    "10.0.0.0/8",
    "fd00::/8",
    "[2001:db8::1]:80",
    "::1",
  ]);
  expect(() => registries("svn://reg.example")).toThrow(
    "insecure registry svn://reg.example should not contain '://'",
  );
  expect(() => registries("mytest-.com")).toThrow(
    'insecure registry mytest-.com is not valid: invalid host "mytest-.com"',
  );
  expect(() => registries("mytest.com:500000")).toThrow('is not valid: invalid port "500000"');
});

test("numbers that make no sense are refused", () => {
  const check = (change: Partial<typeof plain>) => () => checkRegistrySettings({ ...plain, ...change });
  expect(check({ "max-concurrent-downloads": -1 })).toThrow("invalid max concurrent downloads: -1");
  expect(check({ "max-concurrent-uploads": -2 })).toThrow("invalid max concurrent uploads: -2");
  expect(check({ "max-download-attempts": 0 })).toThrow("invalid max download attempts: 0");
});

test("the daemon's own proxies go before those of its environment", () => {
  const settings = { "http-proxy": "http://own:1", "https-proxy": "", "no-proxy": "x" };
  const environment = { http_proxy: "http://other:1", HTTPS_PROXY: "http://other:2", PATH: "/bin" };
  expect(proxyEnvironment(settings, environment)).toEqual({
    HTTP_PROXY: "http://own:1",
    HTTPS_PROXY: "http://other:2",
    NO_PROXY: "x",
    PATH: "/bin",
  });
  expect(proxiesOf({ "no-proxy": "a" })).toEqual({ "no-proxy": "a" });
  expect(() => proxiesOf({ ftp: "a" })).toThrow("directive proxies should hold texts named");
  expect(() => proxiesOf([])).not.toThrow();
});
