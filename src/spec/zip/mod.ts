export { isZip, readZip } from "./read-zip.ts";
