/** The Container Device Interface: what vendors say containers need for their devices. */
export type {
  CdiDevice,
  CdiDeviceNode,
  CdiDocument,
  CdiEdits,
  CdiHook,
  CdiMount,
} from "./cdi-document.ts";
export { parseKind } from "./device-name.ts";
export { parseCdiDocument } from "./parse-document.ts";
