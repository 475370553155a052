import { lookup } from "node:dns/promises";
import { isIP, isIPv4 } from "node:net";
import { parseBinarySize } from "../../base/bytes.ts";
import { internal, invalidArgument, messageOf } from "../../base/errors.ts";

/** Beyond docker's own four: who has the volume's directory, and what others may do in it. */
const OWNERSHIP: readonly string[] = ["uid", "gid", "mode"];
const KNOWN: readonly string[] = ["type", "o", "device", "size", ...OWNERSHIP];
/** What each option is nothing without. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  device: ["type"],
  type: ["device"],
  o: ["device", "type"],
};

type Options = Readonly<Record<string, string>>;

/**
 * Errors: invalidArgument with docker's texts. `hasQuotas`: whether the space of a directory of this driver can be limited.
 */
export function checkVolumeOptions(options: Options, hasQuotas: boolean): void {
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) throw invalidArgument(`invalid option: ${JSON.stringify(name)}`);
  }
  if (options["type"] === "cifs" && options["device"] && uncPort(options["device"]) !== "") {
    throw invalidArgument("port not allowed in CIFS device URL, include 'port' in 'o='");
  }
  if (sizeLimitOf(options) > 0) {
    if (!hasQuotas) throw invalidArgument("quota size requested but no quota support");
    if (needsMount(options))
      throw invalidArgument("size is for directories of this host: it says nothing of a device");
  }
  if (Object.keys(ownershipOf(options)).length > 0 && needsMount(options)) {
    throw invalidArgument(
      "uid, gid and mode are for directories of this host: a device has options of its own",
    );
  }
  for (const [name, needed] of Object.entries(NEEDS)) {
    if (options[name] === undefined) continue;
    const missing = needed.find((other) => options[other] === undefined);
    if (missing !== undefined) throw invalidArgument(`missing required option: ${JSON.stringify(missing)}`);
  }
}

/** Bytes that the volume may take; 0 for as many as there are. Errors: invalidArgument. */
export function sizeLimitOf(options: Options): number {
  return options["size"] === undefined ? 0 : parseBinarySize(options["size"]);
}

/** Owner and mode of a volume's directory, as far as they were asked for. */
export interface Ownership {
  readonly uid?: number;
  readonly gid?: number;
  readonly mode?: number;
}

/** Errors: invalidArgument for what is no id and no octal mode. */
export function ownershipOf(options: Options): Ownership {
  const number = (name: "uid" | "gid" | "mode", pattern: RegExp, base: number) => {
    const text = options[name];
    if (text === undefined) return {};
    if (!pattern.test(text)) throw invalidArgument(`invalid ${name}: '${text}'`);
    return { [name]: Number.parseInt(text, base) };
  };
  return {
    ...number("uid", /^\d{1,9}$/, 10),
    ...number("gid", /^\d{1,9}$/, 10),
    ...number("mode", /^[0-7]{3,5}$/, 8),
  };
}

/** Whether the volume is a mount of its own, beyond a directory. */
export function needsMount(options: Options): boolean {
  return Boolean(options["device"] || options["type"]);
}

/** What mount(2) is to be told. */
export interface DeviceMount {
  readonly device: string;
  readonly type: string;
  /** Options in the notation of fstab(5). */
  readonly options: string;
}

/** The mount that a volume's options describe, names of servers resolved: the kernel takes addresses only. */
export async function deviceMountOf(options: Options): Promise<DeviceMount> {
  const { type = "", device = "", o = "" } = options;
  if (device === "") throw internal("missing device in volume options");
  if (type !== "nfs" && type !== "cifs") return { device, type, options: o };
  const address = optionValue(o, "addr");
  if (address !== "") {
    if (isIPv4(address)) return { device, type, options: o };
    const resolved = await resolveServer(address);
    return { device, type, options: o.replace(`addr=${address}`, `addr=${resolved}`) };
  }
  const server = type === "cifs" ? uncServer(device) : "";
  if (server === "" || isIP(server) !== 0) return { device, type, options: o };
  return { device: device.replace(server, await resolveServer(server)), type, options: o };
}

/** A text without the password that the options hold. */
export function withoutPassword(text: string, options: string): string {
  const password = optionValue(options, "password");
  return password === "" ? text : text.replace(`password=${password}`, "password=********");
}

function optionValue(options: string, name: string): string {
  const found = options.split(",").find((option) => option.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? "";
}

function uncServer(device: string): string {
  return /^(?:[a-z]+:)?\/\/(?:[^@/]*@)?([^/:]*)/i.exec(device)?.[1] ?? "";
}

function uncPort(device: string): string {
  return /^(?:[a-z]+:)?\/\/(?:[^@/]*@)?[^/:]*:(\d+)/i.exec(device)?.[1] ?? "";
}

async function resolveServer(name: string): Promise<string> {
  try {
    return (await lookup(name)).address;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOTFOUND" || code === "ENODATA" ? "no such host" : messageOf(error);
    throw internal(`error resolving passed in network volume address: lookup ${name}: ${why}`, {
      cause: error,
    });
  }
}
