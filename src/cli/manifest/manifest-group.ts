import type { Group } from "../command-tree.ts";
import { PROGRAM } from "../program.ts";

const DESCRIPTION = `The **${PROGRAM} manifest** command has subcommands for managing image manifests and
manifest lists. A manifest list allows you to use one name to refer to the same image
built for multiple architectures.

To see help for a subcommand, use:

    ${PROGRAM} manifest CMD --help

For full details on using ${PROGRAM} manifest lists, see the registry v2 specification.`;

/** Commands for lists of manifests, which talk to registries and need no engine. */
export const MANIFEST_GROUP: Group = {
  name: "manifest",
  summary: "Manage Docker image manifests and manifest lists",
  description: DESCRIPTION,
  experimental: true,
  children: [
    {
      name: "annotate",
      summary: "Add additional information to a local image manifest",
      load: () => import("../commands/manifest/annotate.ts"),
    },
    {
      name: "create",
      summary: "Create a local manifest list for annotating and pushing to a registry",
      load: () => import("../commands/manifest/create.ts"),
    },
    {
      name: "inspect",
      summary: "Display an image manifest, or manifest list",
      load: () => import("../commands/manifest/inspect.ts"),
    },
    {
      name: "push",
      summary: "Push a manifest list to a repository",
      load: () => import("../commands/manifest/push.ts"),
    },
    {
      name: "rm",
      summary: "Delete one or more manifest lists from local storage",
      load: () => import("../commands/manifest/rm.ts"),
    },
  ],
};
