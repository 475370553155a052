import type { ApiBackends } from "../api/routes/mod.ts";
import { isKind } from "../base/errors.ts";
import { pullOrMake } from "../services/builtin-images/pull-or-make.ts";
import type { Engine } from "./wire.ts";

/** What the HTTP API asks for, answered by an engine. */
export function backendsOf(engine: Engine): ApiBackends {
  const { containers, images, networks, volumes, volumeCopies, plugins, system } = engine;
  return {
    containers,
    exec: {
      create: (container, request) => containers.createExec(container, request),
      checkStart: (id) => containers.checkExecStart(id),
      startDetached: (id, options) => containers.startExecDetached(id, options),
      startAttached: (id, options) => containers.startExecAttached(id, options),
      resize: (id, size) => containers.resizeExec(id, size),
      inspect: (id) => containers.inspectExec(id),
    },
    images: {
      list: (options) => images.list(options),
      inspect: (name, options) => images.inspect(name, options),
      history: (name, options) => images.history(name, options),
      attestations: (name, options) => images.attestations(name, options),
      pull: (options) => pullOrMake(images, options),
      push: (options) => images.push(options),
      import: (options) => images.import(options),
      load: (options) => images.load(options),
      save: (names, options) => images.save(names, options),
      tag: (source, target) => images.tag(source, target),
      remove: (name, options) => images.remove(name, options),
      prune: (filters) => images.prune(filters),
      search: (term, options) => images.search(term, options),
      commit: (options) => containers.commit(options),
    },
    distribution: { inspect: (reference, options) => images.inspectRemote(reference, options) },
    networks: {
      list: (filters) => networks.list(filters),
      inspect: (nameOrId, { scope }) => networks.inspect(nameOrId, scope),
      create: (request) => networks.create(request),
      remove: (nameOrId) => networks.remove(nameOrId),
      connect: (nameOrId, container, endpoint) => containers.connect(container, nameOrId, endpoint ?? {}),
      disconnect: (nameOrId, container, { force }) => disconnect(engine, nameOrId, container, force),
      prune: (filters) => networks.prune(filters),
    },
    volumes,
    volumeCopies,
    plugins,
    system,
  };
}

/** With `force` an endpoint goes even where its container is gone. */
async function disconnect(
  { containers, networks }: Engine,
  networkNameOrId: string,
  container: string,
  force: boolean,
): Promise<void> {
  try {
    await containers.disconnect(container, networkNameOrId);
  } catch (error) {
    if (!force || !isKind(error, "notFound")) throw error;
    await networks.removeStaleEndpoint(networkNameOrId, container);
  }
}
