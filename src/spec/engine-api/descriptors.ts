/**
 * OCI descriptors as the Engine API embeds them.
 * Source: Docker Engine API v1.51–v1.55, `OCIDescriptor`, `OCIPlatform`; OCI image-spec v1.1, descriptor.md.
 */

export interface OCIPlatform {
  architecture: string;
  os: string;
  "os.version"?: string;
  "os.features"?: string[];
  variant?: string;
}

export interface OCIDescriptor {
  mediaType: string;
  digest: string;
  size: number;
  urls?: string[];
  annotations?: Record<string, string>;
  /** Base64. */
  data?: string;
  platform?: OCIPlatform;
  artifactType?: string;
}

/** Answer of `GET /distribution/{name}/json`. */
export interface DistributionInspect {
  Descriptor: OCIDescriptor;
  Platforms: OCIPlatform[];
}
