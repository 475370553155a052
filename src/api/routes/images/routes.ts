import { invalidArgument } from "../../../base/errors.ts";
import type { ContainerConfig } from "../../../spec/engine-api/mod.ts";
import { readBody } from "../../../spec/go-json/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";
import type { Exchange } from "../../server/exchange.ts";
import { answerProgress } from "../../server/json-records.ts";
import { containerConfig } from "../containers/schemas.ts";
import { parseFilters } from "../filters.ts";
import { platformDocuments, platformText } from "../platform.ts";
import { registryCredentials } from "../registry-auth.ts";
import type { ImagesBackend } from "./backend.ts";
import { onePlatform, readRoutes, severalPlatforms } from "./read.ts";

const PRUNE_FILTERS = new Set(["dangling", "label", "label!", "until"]);

/** Every endpoint of images, and `/commit`. */
export function imageRoutes(backend: ImagesBackend): Endpoint[] {
  return [...readRoutes(backend), ...transferRoutes(backend), ...changeRoutes(backend)];
}

/** What moves whole images in and out. */
function transferRoutes(backend: ImagesBackend): Endpoint[] {
  const save = async (exchange: Exchange, names: readonly string[]) => {
    const { signal } = exchange;
    const platforms = severalPlatforms(exchange);
    const tar = await backend.save(names, { platforms, signal });
    await exchange.stream({ "Content-Type": "application/x-tar" }, tar);
  };
  return [
    {
      method: "POST",
      path: "/images/create",
      handle: async (exchange) => {
        const image = exchange.query.text("fromImage");
        if (image === "") await importImage(backend, exchange);
        else await pullImage(backend, exchange, image);
      },
    },
    {
      method: "POST",
      path: "/images/:name/push",
      handle: (exchange) =>
        answerProgress(exchange, () =>
          backend.push({
            name: exchange.param("name"),
            tag: exchange.query.text("tag"),
            platform: exchange.version.atLeast("1.46") ? onePlatform(exchange) : undefined,
            credentials: registryCredentials(exchange),
            signal: exchange.signal,
          }),
        ),
    },
    {
      method: "POST",
      path: "/images/load",
      handle: async (exchange) => {
        const platforms = severalPlatforms(exchange);
        const quiet = exchange.query.bool("quiet", true);
        const load = () =>
          backend.load({ content: exchange.body(), quiet, platforms, signal: exchange.signal });
        await answerProgress(exchange, load, { always: true });
      },
    },
    { method: "GET", path: "/images/get", handle: (exchange) => save(exchange, exchange.query.all("names")) },
    {
      method: "GET",
      path: "/images/:name/get",
      handle: (exchange) => save(exchange, [exchange.param("name")]),
    },
  ];
}

/** What changes images that are here. */
function changeRoutes(backend: ImagesBackend): Endpoint[] {
  return [
    {
      method: "POST",
      path: "/images/:name/tag",
      handle: async (exchange) => {
        const repository = exchange.query.text("repo");
        if (repository === "") throw invalidArgument("invalid reference format");
        const tag = exchange.query.text("tag");
        await backend.tag(exchange.param("name"), { repository, tag });
        exchange.empty(201);
      },
    },
    {
      method: "DELETE",
      path: "/images/:name",
      handle: async (exchange) => {
        const { query, version } = exchange;
        const name = exchange.param("name");
        if (name.trim() === "") throw invalidArgument("image name cannot be blank");
        const deleted = await backend.remove(name, {
          force: query.bool("force"),
          pruneParents: !query.bool("noprune"),
          platforms: version.atLeast("1.50") ? platformDocuments(query, "platforms") : [],
        });
        exchange.json(200, deleted);
      },
    },
    {
      method: "POST",
      path: "/images/prune",
      since: "1.25",
      handle: async (exchange) => {
        const filters = parseFilters(exchange.query.text("filters"), PRUNE_FILTERS);
        exchange.json(200, await backend.prune(filters));
      },
    },
    {
      method: "POST",
      path: "/commit",
      handle: async (exchange) => {
        const { query } = exchange;
        const body = await exchange.readJson();
        const { id } = await backend.commit({
          containerIdOrName: query.text("container"),
          repository: query.text("repo"),
          tag: query.text("tag"),
          comment: query.text("comment"),
          author: query.text("author"),
          pause: query.bool("pause", true),
          changes: query.all("changes"),
          config: body ? readBody<ContainerConfig>(containerConfig, body) : undefined,
        });
        exchange.json(201, { Id: id });
      },
    },
  ];
}

async function pullImage(backend: ImagesBackend, exchange: Exchange, image: string): Promise<void> {
  const { query, version, signal } = exchange;
  const platform = version.atLeast("1.32") ? platformText(query, "platform") : undefined;
  await answerProgress(exchange, () =>
    backend.pull({
      reference: pullReference(image, query.text("tag")),
      platform,
      credentials: registryCredentials(exchange),
      signal,
    }),
  );
}

/** A tag or digest given apart replaces what the name says; a name with a bare colon asks for every tag. */
function pullReference(image: string, tag: string): string {
  const name = image.replace(/:$/, "");
  if (tag === "") return name;
  const isDigest = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,}$/i.test(tag);
  const repository = name.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return isDigest ? `${repository}@${tag}` : `${repository}:${tag}`;
}

async function importImage(backend: ImagesBackend, exchange: Exchange): Promise<void> {
  const { query, version, signal } = exchange;
  const source = query.text("fromSrc");
  if (source === "") throw invalidArgument("either fromImage or fromSrc must be given");
  const url = source === "-" || source.includes("://") ? source : `http://${source}`;
  const platform = version.atLeast("1.32") ? platformText(query, "platform") : undefined;
  await answerProgress(exchange, () =>
    backend.import({
      source: url,
      content: exchange.body(),
      repository: query.text("repo"),
      tag: query.text("tag"),
      message: query.text("message") || `Imported from ${source}`,
      changes: query.all("changes"),
      platform,
      signal,
    }),
  );
}
