import { shortId } from "../../../base/ids.ts";
import type { ManagedPluginRecord } from "../../../core/plugins/managed-plugin.ts";
import type { RegistryCredentials, RemoteRepository } from "../../../core/remotes/remote.ts";
import type { Descriptor } from "../../../spec/oci-image/descriptor.ts";
import { parseManifest } from "../../../spec/oci-image/manifest.ts";
import { DOCKER_MANIFEST } from "../../../spec/oci-image/media-types.ts";
import { familiarName, parseNormalized } from "../../../spec/reference/reference.ts";
import { type Report, reportBytes, reportRetries } from "../../images/mod.ts";
import type { ManagedPluginParts } from "./managed-plugin-parts.ts";

/** The registry that the plug-in's name names has it. Errors: those of the registry. */
export async function pushPlugin(
  parts: ManagedPluginParts,
  record: ManagedPluginRecord,
  credentials: RegistryCredentials | undefined,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const reference = parseNormalized(record.name);
  report({ status: `The push refers to repository [${familiarName(reference)}]` });
  const remote = parts.remotes.open(reference, { ...(credentials && { credentials }), signal });
  const bytes = await parts.content.readAll(record.manifest);
  const mediaType = mediaTypeOf(bytes);
  const { config, layers } = parseManifest(bytes, mediaType);
  for (const blob of [...layers, config]) await pushBlob(parts, remote, blob, report, signal);
  const tag = reference.tag!;
  const digest = await remote.pushManifest(bytes, mediaType, tag);
  report({ status: `${tag}: digest: ${digest} size: ${bytes.byteLength}` });
  report({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: bytes.byteLength } });
}

/** Every manifest that this engine stores says what it is, or is docker's. */
function mediaTypeOf(bytes: Uint8Array): string {
  const { mediaType } = JSON.parse(Buffer.from(bytes).toString("utf8")) as { mediaType?: string };
  return mediaType || DOCKER_MANIFEST;
}

async function pushBlob(
  { content }: ManagedPluginParts,
  remote: RemoteRepository,
  blob: Descriptor,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const id = shortId(blob.digest);
  report({ status: "Preparing", id, progressDetail: {} });
  if (!(await remote.hasBlob(blob.digest))) {
    const progress = reportBytes(report, id, "Pushing", blob.size);
    const open = async function* () {
      let sent = 0;
      for await (const chunk of content.read(blob.digest)) {
        signal.throwIfAborted();
        yield chunk;
        sent += chunk.byteLength;
        progress(sent);
      }
    };
    await remote.pushBlob(blob, open, reportRetries(report, id));
  }
  report({ status: "Upload complete", id, progressDetail: {} });
}
