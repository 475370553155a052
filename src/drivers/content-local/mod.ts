export { LocalContentStore } from "./local-content-store.ts";
