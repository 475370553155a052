import { conflict, type EngineError, invalidArgument, notFound, notModified } from "../../base/errors.ts";

/** Texts that users and clients match on, word for word as docker has them. */

export const noSuchContainer = (text: string): EngineError => notFound(`No such container: ${text}`);

export const noSuchExec = (id: string): EngineError => notFound(`No such exec instance: ${id}`);

export const ambiguousContainer = (text: string): EngineError =>
  invalidArgument(`multiple IDs found with provided prefix: ${text}`);

export const nameTaken = (name: string, holderId: string): EngineError =>
  conflict(
    `Conflict. The container name "/${name}" is already in use by container "${holderId}". ` +
      "You have to remove (or rename) that container to be able to reuse that name.",
  );

export const invalidName = (name: string): EngineError =>
  invalidArgument(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);

export const noCommand = (): EngineError => invalidArgument("no command specified");

export const notRunning = (id: string): EngineError => conflict(`container ${id} is not running`);

export const isPaused = (name: string): EngineError =>
  conflict(`Container ${name} is paused, unpause the container before exec`);

export const alreadyStarted = (): EngineError => notModified("container already started");

export const alreadyStopped = (): EngineError => notModified("container already stopped");

export const startPaused = (): EngineError =>
  conflict("cannot start a paused container, try unpause instead");

export const markedForRemoval = (): EngineError =>
  conflict("container is marked for removal and cannot be started");

export const removalInProgress = (id: string): EngineError =>
  conflict(`removal of container ${id} is already in progress`);

export const cannotRemove = (name: string, state: string): EngineError => {
  const what =
    state === "paused"
      ? "container is paused and must be unpaused first"
      : `container is ${state}: stop the container before removing or force remove`;
  return conflict(`cannot remove container "/${name}": ${what}`);
};

export const pausedAlready = (id: string): EngineError => conflict(`container ${id} is already paused`);

export const notPaused = (id: string): EngineError => conflict(`container ${id} is not paused`);
