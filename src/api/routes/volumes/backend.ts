import type { Filters } from "../../../base/filters.ts";
import type {
  Volume,
  VolumeCreateRequest,
  VolumeListResponse,
  VolumesPruneResponse,
} from "../../../spec/engine-api/mod.ts";

/** What the volume routes ask of the engine. Errors: notFound (`get …: no such volume`), conflict (in use), invalidArgument. */
export interface VolumesBackend {
  list(filters: Filters): Promise<VolumeListResponse>;
  /** Idempotent: the volume of that name is answered where it is there already. */
  create(request: VolumeCreateRequest): Promise<Volume>;
  inspect(name: string): Promise<Volume>;
  remove(name: string, options: { readonly force: boolean }): Promise<void>;
  /** Only anonymous volumes unless the filter `all` is true. */
  prune(filters: Filters): Promise<VolumesPruneResponse>;
}
