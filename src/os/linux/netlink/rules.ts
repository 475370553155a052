import { invalidArgument } from "../../../base/errors.ts";
import { Attributes, BodyWriter } from "./attributes.ts";
import { FRA, NLM_F_CREATE, NLM_F_EXCL, RTM } from "./constants.ts";
import { AF_INET6, bytesToIp, type IpFamily, ipToBytes, parsePrefix } from "./ip-bytes.ts";
import { checkLinkName } from "./link-settings.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";
import type { NetlinkSocket } from "./socket.ts";

const FR_ACT_TO_TBL = 1;

export interface RuleSpec {
  readonly family: IpFamily;
  /** Lower is consulted first. */
  readonly priority: number;
  /** The routing table that matching packets use. */
  readonly table: number;
  /** `address/prefix-length`. */
  readonly source?: string;
  readonly destination?: string;
  readonly mark?: { readonly value: number; readonly mask: number };
  readonly inputLink?: string;
  readonly outputLink?: string;
}

/** The struct fib_rule_hdr that starts each rule message. Source: linux/fib_rules.h. */
function ruleHeader(
  family: number,
  destinationLength: number,
  sourceLength: number,
  table: number,
  action: number,
): Uint8Array {
  const header = Buffer.alloc(12);
  header.writeUInt8(family, 0);
  header.writeUInt8(destinationLength, 1);
  header.writeUInt8(sourceLength, 2);
  header.writeUInt8(table > 0xff ? 0 : table, 4);
  header.writeUInt8(action, 7);
  return header;
}

function prefixOf(text: string | undefined, family: IpFamily) {
  if (text === undefined) return undefined;
  const prefix = parsePrefix(text);
  if (prefix.family === family) return prefix;
  throw invalidArgument(`${text} is not an address of IPv${family === AF_INET6 ? 6 : 4}`);
}

function encodeRule(spec: RuleSpec, action: number): Uint8Array {
  const source = prefixOf(spec.source, spec.family);
  const destination = prefixOf(spec.destination, spec.family);
  const body = new BodyWriter(
    ruleHeader(spec.family, destination?.length ?? 0, source?.length ?? 0, spec.table, action),
  );
  if (source) body.bytes(FRA.SRC, ipToBytes(source.address));
  if (destination) body.bytes(FRA.DST, ipToBytes(destination.address));
  if (spec.mark) body.u32(FRA.FWMARK, spec.mark.value).u32(FRA.FWMASK, spec.mark.mask);
  body.u32(FRA.PRIORITY, spec.priority);
  if (spec.table > 0xff) body.u32(FRA.TABLE, spec.table);
  if (spec.inputLink !== undefined) body.text(FRA.IIFNAME, checkLinkName(spec.inputLink));
  if (spec.outputLink !== undefined) body.text(FRA.OIFNAME, checkLinkName(spec.outputLink));
  return body.finish();
}

/** Adds a rule that sends matching packets to a table. Errors: EEXIST where the same rule is there. */
export function addRule(spec: RuleSpec): NetlinkRequest {
  return {
    type: RTM.NEWRULE,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: encodeRule(spec, FR_ACT_TO_TBL),
    description: `add rule ${spec.priority}`,
  };
}

/** Deletes the first rule that fits all that `spec` says. Errors: ENOENT where there is none. */
export function deleteRule(spec: RuleSpec): NetlinkRequest {
  const description = `delete rule ${spec.priority}`;
  return { type: RTM.DELRULE, flags: 0, body: encodeRule(spec, 0), description };
}

function readPrefix(bytes: Buffer | undefined, length: number): string | undefined {
  return bytes && `${bytesToIp(bytes)}/${length}`;
}

function decodeRule(message: NetlinkMessage): RuleSpec | undefined {
  const { body } = message;
  if (body.readUInt8(7) !== FR_ACT_TO_TBL) return undefined;
  const attributes = new Attributes(body, 12);
  const source = readPrefix(attributes.bytes(FRA.SRC), body.readUInt8(2));
  const destination = readPrefix(attributes.bytes(FRA.DST), body.readUInt8(1));
  const mark = attributes.u32(FRA.FWMARK);
  const inputLink = attributes.text(FRA.IIFNAME);
  const outputLink = attributes.text(FRA.OIFNAME);
  return {
    family: body.readUInt8(0) as IpFamily,
    priority: attributes.u32(FRA.PRIORITY) ?? 0,
    table: attributes.u32(FRA.TABLE) ?? body.readUInt8(4),
    ...(source === undefined ? {} : { source }),
    ...(destination === undefined ? {} : { destination }),
    ...(mark === undefined ? {} : { mark: { value: mark, mask: attributes.u32(FRA.FWMASK) ?? 0xffffffff } }),
    ...(inputLink === undefined ? {} : { inputLink }),
    ...(outputLink === undefined ? {} : { outputLink }),
  };
}

/** The rules of one family that lead to a table, in the order in which they are consulted. */
export function listRules(socket: NetlinkSocket, family: IpFamily): RuleSpec[] {
  return socket.dump(RTM.GETRULE, ruleHeader(family, 0, 0, 0, 0), "list rules", decodeRule);
}
