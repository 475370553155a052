/** Where a peer keeps what it makes, and what it runs. */
export interface Workspace {
  /** Directory that the bench removes at the end. */
  readonly directory: string;
  /** Tar of the root tree every peer runs. */
  readonly imageTar: string;
  /** The same tree, unpacked. */
  readonly rootfs: string;
}

/** How a container is to be run. */
export interface RunRequest {
  readonly network: "default" | "none";
  readonly command: readonly string[];
}

/** Command lines about images. */
export interface ImageCommands {
  pull(reference: string): string[];
  push(reference: string): string[];
  tag(source: string, target: string): string[];
  /** Into a file, as docker's archive. */
  save(reference: string, file: string): string[];
  load(file: string): string[];
  remove(references: readonly string[]): string[];
  list(): string[];
  /** Waits for what the peer still does in the background after a command. */
  settle?(): void;
}

/** What a running peer can be asked. Each answer is a command line; a peer that cannot do a thing leaves it out. */
export interface RunningPeer extends AsyncDisposable {
  /** Runs a container in the foreground and removes it. */
  run(request: RunRequest): string[];
  /** Starts a container in the background under a name. */
  runDetached?(name: string, command: readonly string[]): string[];
  exec?(name: string, command: readonly string[]): string[];
  /** Kills and removes a container. */
  remove?(name: string): string[];
  /** Ends a container with its stop signal. */
  stop?(name: string): string[];
  /** Removes a container that has ended. */
  removeStopped?(name: string): string[];
  /** Waits for a container's end. */
  wait?(name: string): string[];
  /** Prints what a container has printed. */
  logs?(name: string): string[];
  /** Lists all containers. */
  listAll?(): string[];
  /** Lists all volumes. */
  listVolumes?(): string[];
  version(): string[];
  /** What can be asked about images. */
  readonly images?: ImageCommands;
  /** Path of the socket that answers the Engine API. */
  readonly socketPath?: string;
  /** Process ids that run while no container does. */
  restingProcesses?(): number[];
  /** Process ids that exist for containers alone, the containers' own processes left out. */
  monitorProcesses?(): number[];
}

/** An engine or a command line that the bench can put beside others. */
export interface Peer {
  readonly name: string;
  /** The version found on this machine, or why this peer is left out. */
  find(): { readonly version: string } | { readonly missing: string };
  /** Makes it ready, with the image in place. */
  start(workspace: Workspace): Promise<RunningPeer>;
}

/** The name every peer knows the bench's image by. */
export const IMAGE = "bench";
