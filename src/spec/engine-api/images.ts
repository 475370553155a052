import type { HealthConfig } from "./containers.ts";
import type { OCIDescriptor, OCIPlatform } from "./descriptors.ts";
import type { PortSet } from "./ports.ts";

/**
 * Images.
 * Source: Docker Engine API v1.51–v1.55, tag "Image".
 */

/** Where a layered driver keeps what; `GraphDriver` in answers. */
export interface GraphDriverData {
  Name: string;
  Data: Record<string, string> | null;
}

export interface ImageConfig {
  User?: string;
  ExposedPorts?: PortSet | null;
  Env?: string[] | null;
  Cmd?: string[] | null;
  Healthcheck?: HealthConfig | null;
  ArgsEscaped?: boolean;
  Volumes?: Record<string, Record<string, never>> | null;
  WorkingDir?: string;
  Entrypoint?: string[] | null;
  OnBuild?: string[] | null;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  Shell?: string[] | null;
}

export interface SignatureTimestamp {
  Type: string;
  URI: string;
  Timestamp: string;
}

export interface SignerIdentity {
  CertificateIssuer?: string;
  SubjectAlternativeName?: string;
  Issuer?: string;
  BuildSignerURI?: string;
  BuildSignerDigest?: string;
  RunnerEnvironment?: string;
  SourceRepositoryURI?: string;
  SourceRepositoryDigest?: string;
  SourceRepositoryRef?: string;
  SourceRepositoryIdentifier?: string;
  SourceRepositoryOwnerURI?: string;
  SourceRepositoryOwnerIdentifier?: string;
  BuildConfigURI?: string;
  BuildConfigDigest?: string;
  BuildTrigger?: string;
  RunInvocationURI?: string;
  SourceRepositoryVisibilityAtSigning?: string;
}

export interface SignatureIdentity {
  Name?: string;
  Timestamps?: SignatureTimestamp[];
  KnownSigner?: string;
  DockerReference?: string;
  Signer?: SignerIdentity;
  SignatureType?: string;
  Error?: string;
  Warnings?: string[];
}

/** Where an image is known to come from. Since API 1.53. */
export interface Identity {
  Signature?: SignatureIdentity[];
  Pull?: Array<{ Repository?: string }>;
  Build?: Array<{ Ref?: string; CreatedAt?: string }>;
}

/** Sizes in bytes. Since API 1.47. */
export interface ImageManifestSummary {
  ID: string;
  Descriptor: OCIDescriptor;
  Available: boolean;
  Size: { Total: number; Content: number };
  Kind: "image" | "attestation" | "unknown";
  ImageData?: {
    Platform: OCIPlatform;
    Identity?: Identity;
    Containers: string[];
    Size: { Unpacked: number };
  };
  AttestationData?: { For: string };
}

/** Answer of `GET /images/{name}/json`. */
export interface ImageInspectResponse {
  Id: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  /** Dropped in API 1.52. */
  Parent?: string;
  Comment?: string;
  Created?: string;
  /** Dropped in API 1.45. */
  Container?: string;
  /** Dropped in API 1.45. */
  ContainerConfig?: ImageConfig;
  DockerVersion?: string;
  Author?: string;
  Config: ImageConfig | null;
  Architecture: string;
  Variant?: string;
  Os: string;
  OsVersion?: string;
  Size: number;
  /** Dropped in API 1.44. */
  VirtualSize?: number;
  GraphDriver?: GraphDriverData;
  RootFS: { Type?: string; Layers?: string[] };
  Metadata: { LastTagTime?: string };
  Descriptor?: OCIDescriptor;
  Manifests?: ImageManifestSummary[];
  Identity?: Identity;
}

/** One entry of `GET /images/json`. -1 where a count or size was not computed. */
export interface ImageSummary {
  Id: string;
  ParentId: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  /** Seconds since the Unix epoch. */
  Created: number;
  Size: number;
  SharedSize: number;
  /** Dropped in API 1.44. */
  VirtualSize?: number;
  Labels: Record<string, string> | null;
  Containers: number;
  Manifests?: ImageManifestSummary[];
  Descriptor?: OCIDescriptor;
}

export interface ImageHistoryItem {
  Id: string;
  Created: number;
  CreatedBy: string;
  Tags: string[] | null;
  Size: number;
  Comment: string;
}

/** Exactly one of the two is set. */
export interface ImageDeleteItem {
  Untagged?: string;
  Deleted?: string;
}

export interface ImagesPruneResponse {
  ImagesDeleted: ImageDeleteItem[] | null;
  SpaceReclaimed: number;
}

/** One entry of `GET /images/search`. */
export interface ImageSearchItem {
  name: string;
  description: string;
  is_official: boolean;
  /** Deprecated; always false since 2024. */
  is_automated: boolean;
  star_count: number;
}

/** Answer of `POST /commit`. */
export interface CommitResponse {
  Id: string;
}

/** One entry of `GET /images/{name}/attestations`. Since API 1.55. */
export interface AttestationStatement {
  Descriptor: OCIDescriptor;
  PredicateType: string;
  Statement?: object;
}
