import { FrameDecoder, STDERR_STREAM, SYSTEMERR_STREAM } from "../../spec/engine-api/stdcopy.ts";
import type { Sink } from "./sink.ts";

export interface OutputTargets {
  readonly stdout?: Sink | undefined;
  readonly stderr?: Sink | undefined;
}

/** Copies framed output to where each stream belongs; ends with the source. Throws the engine's error in the stream. */
export async function demultiplex(source: AsyncIterable<Uint8Array>, targets: OutputTargets): Promise<void> {
  const decoder = new FrameDecoder();
  let failure = "";
  for await (const chunk of source) {
    for (const { stream, bytes } of decoder.push(
      Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength),
    )) {
      if (stream === SYSTEMERR_STREAM) failure += bytes.toString("utf8");
      else {
        const target = stream === STDERR_STREAM ? targets.stderr : targets.stdout;
        if (target) await target.send(bytes);
      }
    }
  }
  if (failure !== "") throw new Error(`error from daemon in stream: ${failure}`);
}

/** Copies output as it is. */
export async function copyOutput(source: AsyncIterable<Uint8Array>, target: Sink | undefined): Promise<void> {
  for await (const chunk of source) if (target) await target.send(chunk);
}
