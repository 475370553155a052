/**
 * The process of a container or of an exec.
 * Source: OCI runtime-spec v1.1, config.md, "Process".
 */
export interface RuntimeProcess {
  terminal?: boolean;
  consoleSize?: { height: number; width: number };
  /** Absolute path in the container. */
  cwd: string;
  /** `NAME=value`. */
  env?: string[];
  args?: string[];
  user: RuntimeUser;
  rlimits?: RuntimeRlimit[];
  capabilities?: RuntimeCapabilities;
  noNewPrivileges?: boolean;
  apparmorProfile?: string;
  selinuxLabel?: string;
  oomScoreAdj?: number;
  scheduler?: RuntimeScheduler;
  ioPriority?: { class: string; priority: number };
}

export interface RuntimeUser {
  uid: number;
  gid: number;
  umask?: number;
  additionalGids?: number[];
}

export interface RuntimeRlimit {
  /** `RLIMIT_NOFILE` and so on. */
  type: string;
  soft: number;
  hard: number;
}

/** Names such as `CAP_KILL`. Source: capabilities(7). */
export interface RuntimeCapabilities {
  bounding?: string[];
  effective?: string[];
  inheritable?: string[];
  permitted?: string[];
  ambient?: string[];
}

/** Source: sched_setattr(2). */
export interface RuntimeScheduler {
  policy: string;
  nice?: number;
  priority?: number;
  flags?: string[];
  runtime?: number;
  deadline?: number;
  period?: number;
}
