import type { Filters } from "../../../base/filters.ts";
import type {
  EndpointSettings,
  NetworkCreateRequest,
  NetworkInspectResponse,
  NetworkSummary,
  NetworksPruneResponse,
} from "../../../spec/engine-api/mod.ts";

/** What the network routes ask of the engine. Networks are named by id, id prefix or name. Errors: notFound (`network … not found`), conflict, invalidArgument. */
export interface NetworksBackend {
  list(filters: Filters): Promise<NetworkSummary[]>;
  /** `scope` narrows the search to `local`, `swarm` or `global`; empty for any. */
  inspect(
    idOrName: string,
    options: { readonly verbose: boolean; readonly scope: string },
  ): Promise<NetworkInspectResponse>;
  create(request: NetworkCreateRequest): Promise<{ readonly id: string; readonly warning: string }>;
  remove(idOrName: string): Promise<void>;
  connect(idOrName: string, containerIdOrName: string, endpoint: EndpointSettings | undefined): Promise<void>;
  disconnect(
    idOrName: string,
    containerIdOrName: string,
    options: { readonly force: boolean },
  ): Promise<void>;
  prune(filters: Filters): Promise<NetworksPruneResponse>;
}
