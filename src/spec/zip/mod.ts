export { isZip, readZip, type ZipMember } from "./read-zip.ts";
