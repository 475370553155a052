/**
 * 4 or 6 for the text of an address of that version, 0 for anything else; as `node:net` has it, which is loaded when an
 * address is looked at and not by every command, since it takes as long as starting the runtime.
 */
export function ipVersion(text: string): number {
  return process.getBuiltinModule("node:net").isIP(text);
}
