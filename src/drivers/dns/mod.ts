export { Resolver } from "./resolver.ts";
