export { SpoolReader } from "./spool-reader.ts";
