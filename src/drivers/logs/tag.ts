import { invalidArgument, messageOf } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { LogSource } from "../../core/logs/log-driver.ts";
import { DOCKER_FUNCTIONS } from "../../spec/go-template/docker-functions.ts";
import { parseTemplate, type Template } from "../../spec/go-template/template.ts";

/** The tag of drivers that always have one. */
export const DEFAULT_TAG = "{{.ID}}";

/** The tag of a container's entries: the option `tag`, or `defaultTag` where it is not given. Errors: invalidArgument. */
export function renderTag(source: LogSource, defaultTag: string): string {
  const template = parseTag(source.options["tag"] || defaultTag);
  try {
    return template.execute(templateData(source));
  } catch (error) {
    throw invalidArgument(messageOf(error), { cause: error });
  }
}

/** Errors: invalidArgument where it is no template. */
export function checkTag(tag: string | undefined): void {
  if (tag) parseTag(tag);
}

function parseTag(tag: string): Template {
  try {
    return parseTemplate(tag, { functions: DOCKER_FUNCTIONS });
  } catch (error) {
    throw invalidArgument(messageOf(error), { cause: error });
  }
}

function templateData(source: LogSource) {
  const { containerId, containerName, command, imageId, imageName, createdAt } = source;
  return {
    ID: shortId(containerId),
    FullID: containerId,
    Name: containerName,
    ImageID: imageId.slice(0, 12),
    ImageFullID: imageId,
    ImageName: imageName,
    Command: command.join(" "),
    DaemonName: "docker",
    Config: source.options,
    ContainerID: containerId,
    ContainerName: `/${containerName}`,
    ContainerEntrypoint: command[0] ?? "",
    ContainerArgs: command.slice(1),
    ContainerImageID: imageId,
    ContainerImageName: imageName,
    ContainerCreated: createdAt,
    ContainerEnv: source.environment,
    ContainerLabels: source.labels,
  };
}
