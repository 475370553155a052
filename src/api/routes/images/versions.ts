import { ZERO_TIME } from "../../../base/time.ts";
import type { ImageConfig, ImageInspectResponse, ImageSummary } from "../../../spec/engine-api/mod.ts";
import type { VersionRule } from "../../server/versions.ts";

/** How older versions of the API write images. Source: Engine API version history. */

export const summaryRules: readonly VersionRule<ImageSummary>[] = [
  {
    below: "1.43",
    apply: (image) => {
      if (image.RepoTags?.length || image.RepoDigests?.length) return;
      image.RepoTags = ["<none>:<none>"];
      image.RepoDigests = ["<none>@<none>"];
    },
  },
  {
    below: "1.44",
    apply: (image) => {
      image.VirtualSize = image.Size;
    },
  },
  {
    below: "1.48",
    apply: (image) => {
      delete image.Descriptor;
    },
  },
  {
    below: "1.51",
    apply: (image) => {
      image.Containers = -1;
    },
  },
];

/** Fields of a container's configuration that images showed, always empty, before 1.50. */
const CONTAINER_FIELDS = {
  Hostname: "",
  Domainname: "",
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: "",
};

/** Fields that were shown even where they were not set, before 1.52. */
const UNSET_FIELDS: ImageConfig = {
  User: "",
  Env: null,
  Cmd: null,
  Volumes: null,
  WorkingDir: "",
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
};

export const inspectRules: readonly VersionRule<ImageInspectResponse>[] = [
  {
    below: "1.44",
    apply: (image) => {
      image.VirtualSize = image.Size;
      image.Created ||= ZERO_TIME;
    },
  },
  {
    below: "1.45",
    apply: (image) => {
      image.Container ??= "";
      image.ContainerConfig ??= { ...CONTAINER_FIELDS, ...UNSET_FIELDS };
    },
  },
  {
    below: "1.48",
    apply: (image) => {
      delete image.Descriptor;
    },
  },
  {
    below: "1.50",
    apply: (image) => {
      image.Config = { ...CONTAINER_FIELDS, ...image.Config };
    },
  },
  {
    below: "1.52",
    apply: (image) => {
      image.Parent ??= "";
      image.Comment ??= "";
      image.DockerVersion ??= "";
      image.Author ??= "";
      image.Config = { ...UNSET_FIELDS, ...image.Config };
    },
  },
  {
    from: "1.52",
    apply: (image) => {
      for (const field of ["Parent", "Comment", "DockerVersion", "Author"] as const) {
        if (!image[field]) delete image[field];
      }
    },
  },
  {
    below: "1.53",
    apply: (image) => {
      delete image.Identity;
    },
  },
];
