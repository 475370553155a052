/** Something that happened to an object of the engine. Source: Engine API, `SystemEvents`. */
export interface EngineEvent {
  readonly type: "container" | "image" | "network" | "volume" | "daemon" | "plugin" | "builder";
  readonly action: string;
  readonly actor: { readonly id: string; readonly attributes: Readonly<Record<string, string>> };
  readonly timeNs: bigint;
}

/**
 * The engine's events: what has just happened, and a bounded memory of what happened before (256, as docker keeps).
 * An event is published after the state it tells of was stored.
 */
export interface EventLog {
  /** Stamps and publishes an event; never throws and never waits for a reader. */
  publish(event: Omit<EngineEvent, "timeNs">): void;
  /** Remembered events, oldest first. */
  past(): EngineEvent[];
  /** How many listen now. */
  readonly listenerCount: number;
  /** Calls `listener` for every event from now on, until the result is disposed. */
  subscribe(listener: (event: EngineEvent) => void): Disposable;
}
