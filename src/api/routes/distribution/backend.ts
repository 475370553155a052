import type { RegistryCredentials } from "../../../core/remotes/remote.ts";
import type { DistributionInspect } from "../../../spec/engine-api/mod.ts";

/** What the distribution route asks of the engine. */
export interface DistributionBackend {
  /** What a registry says of a reference, nothing pulled. Errors: invalidArgument, notFound, permissionDenied, unauthenticated. */
  inspect(
    reference: string,
    options: { readonly credentials: RegistryCredentials | undefined; readonly signal: AbortSignal },
  ): Promise<DistributionInspect>;
}
