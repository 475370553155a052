export { Resolver, type ResolverOptions } from "./resolver.ts";
