import type { RemoteFactory } from "../core/remotes/remote.ts";

/** Registries that are talked to without an engine, until closed. */
export interface OpenedRemotes extends RemoteFactory {
  close(): Promise<void>;
}

/** Opens registries; those named may be reached without TLS, and with certificates that nobody vouches for. */
export type OpenRemotes = (insecureRegistries: readonly string[]) => Promise<OpenedRemotes>;
