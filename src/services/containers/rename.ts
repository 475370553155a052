import { invalidArgument, isKind } from "../../base/errors.ts";
import { invalidName, nameTaken } from "./errors.ts";
import { isValidName } from "./names.ts";
import { networkedContainer } from "./networks/networked.ts";
import { type ContainerParts, changeRecord, currentRecord, publishContainerEvent } from "./parts.ts";

/** Gives the container another name. Errors: invalidArgument, conflict (taken). */
export async function renameContainer(parts: ContainerParts, id: string, requested: string): Promise<void> {
  const name = requested.replace(/^\//, "");
  if (name === "") throw invalidArgument("Neither old nor new names may be empty");
  if (!isValidName(name)) throw invalidName(name);
  using _turn = await parts.locks.acquire(id);
  const oldName = currentRecord(parts, id).name;
  if (oldName === name) {
    throw invalidArgument("Renaming a container with the same name as its current name");
  }
  try {
    const renamed = changeRecord(parts, id, () => ({ name }));
    const { containerId, containerName, hostname } = networkedContainer(renamed);
    parts.networks.rename({ containerId, containerName, hostname });
    publishContainerEvent(parts, renamed, "rename", { oldName: `/${oldName}` });
  } catch (error) {
    if (isKind(error, "alreadyExists")) throw nameTaken(name, parts.store.getByName(name)?.id ?? "");
    throw error;
  }
}
