import { isIP } from "node:net";
import { parseBinarySize } from "../base/bytes.ts";
import { invalidArgument } from "../base/errors.ts";

/** `max-used-space=20GB`, as it is. Errors: invalidArgument. */
export function checkImageGc(text: string): string {
  const [key, value = ""] = text.split("=", 2);
  if (key !== "max-used-space") throw invalidArgument(`unknown option of image-gc: ${key}`);
  if (!(parseBinarySize(value) > 0))
    throw invalidArgument(`invalid size of image-gc: ${JSON.stringify(value)}`);
  return text;
}

/** `base=10.10.0.0/16,size=24`, as it is. Errors: invalidArgument. */
export function checkAddressPool(text: string): string {
  const fields = Object.fromEntries(text.split(",").map((field) => field.split("=", 2)));
  if (!fields["base"] || !/^\d+$/.test(fields["size"] ?? "")) {
    throw invalidArgument(`invalid default address pool: ${text}: it should be base=SUBNET,size=LENGTH`);
  }
  return text;
}

/** The parts of a checked `base=10.10.0.0/16,size=24`. */
export function addressPoolOf(text: string): { readonly base: string; readonly size: number } {
  const fields = new Map(text.split(",").map((field) => field.split("=", 2) as [string, string]));
  return { base: fields.get("base") ?? "", size: Number(fields.get("size")) };
}

/** `bridge=com.docker.network.driver.mtu=1400`, as it is: a driver, then an option of its networks. Errors: invalidArgument. */
export function checkNetworkOption(text: string): string {
  if (/^[^=]+=[^=]+=/.test(text)) return text;
  throw invalidArgument(`invalid default network option: ${text}: it should be DRIVER=OPTION=VALUE`);
}

/** An IP address without spaces around it. Errors: invalidArgument. */
export function checkAddress(text: string): string {
  if (isIP(text.trim()) === 0) throw invalidArgument(`${text} is not an ip address`);
  return text.trim();
}

/** A domain without spaces around it. Errors: invalidArgument. Source: docker, opts.ValidateDNSSearch. */
export function checkDnsSearch(text: string): string {
  const domain = text.trim();
  if (
    domain === "." ||
    (domain.length <= 255 && /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]*[a-zA-Z0-9_.])?$/.test(domain))
  ) {
    return domain;
  }
  throw invalidArgument(`${domain} is not a valid domain`);
}

/** An URL with what is secret in it covered. Source: moby daemon/config, MaskCredentials. */
export function maskCredentials(text: string): string {
  if (!URL.canParse(text)) return text;
  const { username, password } = new URL(text);
  return username === "" && password === "" ? text : text.replace(/\/\/[^/?#]*@/, "//xxxxx:xxxxx@");
}
