import * as fs from "node:fs";
import { effect } from "./effect.ts";

// What is named below takes the place of what the star brings.
export * from "node:fs";
export const mkdirSync = effect("mkdir", fs.mkdirSync);
export const mkdtempSync = effect("mkdtemp", fs.mkdtempSync);
export const renameSync = effect("rename", fs.renameSync);
export const rmSync = effect("rm", fs.rmSync);
export const rmdirSync = effect("rmdir", fs.rmdirSync);
export const unlinkSync = effect("unlink", fs.unlinkSync);
export const writeFileSync = effect("write file", fs.writeFileSync);
