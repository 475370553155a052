/**
 * Events.
 * Source: Docker Engine API v1.51–v1.55, `EventMessage`.
 */

export type EventType =
  | "builder"
  | "config"
  | "container"
  | "daemon"
  | "image"
  | "network"
  | "node"
  | "plugin"
  | "secret"
  | "service"
  | "volume";

export interface EventActor {
  ID: string;
  Attributes: Record<string, string>;
}

export interface EventMessage {
  Type: EventType;
  Action: string;
  Actor: EventActor;
  scope: "local" | "swarm";
  /** Seconds since the Unix epoch. */
  time: number;
  /** Nanoseconds since the Unix epoch; beyond what a double holds exactly. */
  timeNano: number;
  /** Dropped in API 1.52, like `id` and `from`. */
  status?: string;
  id?: string;
  from?: string;
}
