export * from "./schema.ts";
export * from "./syntax-error.ts";
