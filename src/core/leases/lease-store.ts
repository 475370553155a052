/** What a lease keeps from garbage collection. */
export interface LeasedResource {
  readonly kind: "content" | "ingest" | "snapshot";
  /** Digest, ingest ref or snapshot key. */
  readonly key: string;
}

/**
 * Keeps resources that no image or container refers to yet: a running pull, load, commit or build adds what it
 * stores to its lease before it stores it and gives the lease back when a record refers to all of it.
 *
 * After a crash: leases of processes that are gone have passed their `expiresAtMs` or are dropped at start-up.
 */
export interface Lease extends AsyncDisposable {
  readonly id: string;
  /** Protects a resource, whether it exists yet or not. Idempotent. */
  add(resource: LeasedResource): void;
  /** Gives everything back. Idempotent. Same as disposing. */
  release(): Promise<void>;
}

export interface LeaseStore {
  create(purpose: string): Lease;
  /** Every resource that some lease protects. */
  resources(): LeasedResource[];
  /** Drops all leases: called once at start-up, before anything can take one. */
  clear(): void;
}
