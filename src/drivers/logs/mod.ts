export { collectAttributes } from "./attributes.ts";
export { createLogDrivers } from "./drivers.ts";
export type { AssembledEntries, SpoolPosition } from "./spool/line-assembler.ts";
export { LineAssembler } from "./spool/line-assembler.ts";
export { Spool } from "./spool/spool.ts";
export { SpoolCursor } from "./spool/spool-cursor.ts";
export { JsonFileDriver } from "./stored/json-file-driver.ts";
export { cacheOptions, LocalDriver } from "./stored/local-driver.ts";
export { decodeLogMessage, LocalFormat } from "./stored/local-format.ts";
