import type { Filters } from "../../../base/filters.ts";
import type {
  Volume,
  VolumeCreateRequest,
  VolumeListResponse,
  VolumesPruneResponse,
} from "../../../spec/engine-api/mod.ts";

/** What this program can do with volumes beyond the Engine API. */
export interface VolumeCopiesBackend {
  export(name: string, options: { readonly signal: AbortSignal }): Promise<AsyncIterable<Uint8Array>>;
  import(
    name: string,
    tar: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ): Promise<Volume>;
  clone(source: string, target: string): Promise<Volume>;
  rename(name: string, target: string): Promise<Volume>;
  /** An empty name lets the engine choose. */
  snapshot(source: string, name: string): Promise<Volume>;
}

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
