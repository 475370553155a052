import { ipVersion } from "./ip-version.ts";

/** A value of `--add-host` as the API takes it. Throws an Error with the text docker prints. */
export function extraHost(text: string): string {
  const equals = text.indexOf("=");
  const separator = equals >= 0 ? equals : text.indexOf(":");
  const name = text.slice(0, Math.max(separator, 0));
  if (separator < 0 || name === "") throw new Error(`bad format for add-host: ${JSON.stringify(text)}`);
  let address = text.slice(separator + 1);
  if (/^\[.*\]$/.test(address)) address = address.slice(1, -1);
  if (address !== "host-gateway" && ipVersion(address) === 0)
    throw new Error(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  return `${name}:${address}`;
}

/** A value of `--dns`. */
export function dnsServer(text: string): string {
  if (ipVersion(text.trim()) === 0) throw new Error(`IP address is not correctly formatted: ${text}`);
  return text.trim();
}

/** A value of `--dns-search`; a dot alone clears the list. */
export function dnsSearch(text: string): string {
  const domain = text.trim();
  if (domain === ".") return domain;
  const label = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
  const valid = new RegExp(`^(\\d*${label}\\.)*${label}\\.?$`).test(domain) && /[a-zA-Z]/.test(domain);
  if (!valid) throw new Error(`${text} is not a valid domain`);
  return domain;
}

/** A value of `--link`. */
export function link(text: string): string {
  if (text === "") throw new Error("empty string specified for links");
  const parts = text.split(":");
  if (parts.length > 2) throw new Error(`bad format for links: ${text}`);
  return text;
}
