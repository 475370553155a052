export { END_OF_ARCHIVE, encodeEntry, paddingOf } from "./encode-entry.ts";
export { byteString, bytesOf, type TarEntry, type TarEntryType, textOf } from "./tar-entry.ts";
export { type TarHandler, TarReader } from "./tar-reader.ts";
