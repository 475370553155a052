import type { Filters } from "../../../base/filters.ts";
import type { RegistryCredentials } from "../../../core/remotes/remote.ts";
import type {
  AttestationStatement,
  ContainerConfig,
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspectResponse,
  ImageSearchItem,
  ImageSummary,
  ImagesPruneResponse,
  OCIPlatform,
  ProgressMessage,
} from "../../../spec/engine-api/mod.ts";

export interface ImageListOptions {
  /** Intermediate images too. */
  readonly all: boolean;
  readonly filters: Filters;
  /** Computes `SharedSize`; -1 is answered without it. */
  readonly sharedSize: boolean;
  /** Fills `Manifests`. */
  readonly manifests: boolean;
  /** Fills `Identity` in each of these. */
  readonly identity: boolean;
}

export interface PullOptions {
  /** Whole reference as the user gave it. A name with neither tag nor digest asks for every tag. */
  readonly reference: string;
  readonly platform: OCIPlatform | undefined;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal;
}

export interface PushOptions {
  readonly name: string;
  /** Empty for every tag of the name. */
  readonly tag: string;
  readonly platform: OCIPlatform | undefined;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal;
}

export interface ImportOptions {
  /** `-` for the request's body, else a URL. */
  readonly source: string;
  readonly content: AsyncIterable<Uint8Array>;
  readonly repository: string;
  readonly tag: string;
  readonly message: string;
  /** Dockerfile instructions. */
  readonly changes: readonly string[];
  readonly platform: OCIPlatform | undefined;
  readonly signal: AbortSignal;
}

export interface LoadOptions {
  readonly content: AsyncIterable<Uint8Array>;
  readonly quiet: boolean;
  /** Only these; empty for all that the archive holds. */
  readonly platforms: readonly OCIPlatform[];
  readonly signal: AbortSignal;
}

export interface CommitOptions {
  readonly containerIdOrName: string;
  readonly repository: string;
  readonly tag: string;
  readonly comment: string;
  readonly author: string;
  readonly pause: boolean;
  readonly changes: readonly string[];
  /** Replaces the container's configuration where given. */
  readonly config: ContainerConfig | undefined;
}

/**
 * What the image routes ask of the engine. Images are named by reference, id or id prefix.
 *
 * Streams of progress: the promise rejects for what is known before the work starts (it becomes the status); what an
 * iterable throws before its first message becomes the status too, and later the `errorDetail` of the last message.
 * Common errors: notFound (`No such image: …`), conflict, invalidArgument (`invalid reference format`).
 */
export interface ImagesBackend {
  list(options: ImageListOptions): Promise<ImageSummary[]>;
  inspect(
    name: string,
    options: { readonly manifests: boolean; readonly platform: OCIPlatform | undefined },
  ): Promise<ImageInspectResponse>;
  history(name: string, options: { readonly platform: OCIPlatform | undefined }): Promise<ImageHistoryItem[]>;
  attestations(
    name: string,
    options: {
      readonly platform: OCIPlatform | undefined;
      readonly predicateTypes: readonly string[];
      /** Fills `Statement`. */
      readonly statement: boolean;
    },
  ): Promise<AttestationStatement[]>;
  pull(options: PullOptions): Promise<AsyncIterable<ProgressMessage>>;
  push(options: PushOptions): Promise<AsyncIterable<ProgressMessage>>;
  import(options: ImportOptions): Promise<AsyncIterable<ProgressMessage>>;
  load(options: LoadOptions): Promise<AsyncIterable<ProgressMessage>>;
  /** One archive (`docker load` form, OCI layout inside) of all names. */
  save(
    names: readonly string[],
    options: { readonly platforms: readonly OCIPlatform[]; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array>>;
  tag(source: string, target: { readonly repository: string; readonly tag: string }): Promise<void>;
  remove(
    name: string,
    options: {
      readonly force: boolean;
      readonly pruneParents: boolean;
      readonly platforms: readonly OCIPlatform[];
    },
  ): Promise<ImageDeleteItem[]>;
  search(
    term: string,
    options: {
      /** 0 for the registry's default. */
      readonly limit: number;
      readonly filters: Filters;
      readonly credentials: RegistryCredentials | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<ImageSearchItem[]>;
  prune(filters: Filters): Promise<ImagesPruneResponse>;
  commit(options: CommitOptions): Promise<{ readonly id: string }>;
}
