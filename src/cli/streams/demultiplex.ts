import type { Writable } from "node:stream";
import { FrameDecoder, STDERR_STREAM, SYSTEMERR_STREAM } from "../../spec/engine-api/stdcopy.ts";
import { writeAll } from "./write.ts";

export interface OutputTargets {
  readonly stdout?: Writable | undefined;
  readonly stderr?: Writable | undefined;
}

/** Copies framed output to where each stream belongs; ends with the source. Throws the engine's error in the stream. */
export async function demultiplex(source: AsyncIterable<Buffer>, targets: OutputTargets): Promise<void> {
  const decoder = new FrameDecoder();
  let failure = "";
  for await (const chunk of source) {
    for (const { stream, bytes } of decoder.push(chunk)) {
      if (stream === SYSTEMERR_STREAM) failure += bytes.toString("utf8");
      else {
        const target = stream === STDERR_STREAM ? targets.stderr : targets.stdout;
        if (target) await writeAll(target, bytes);
      }
    }
  }
  if (failure !== "") throw new Error(`error from daemon in stream: ${failure}`);
}

/** Copies output as it is. */
export async function copyOutput(source: AsyncIterable<Buffer>, target: Writable | undefined): Promise<void> {
  for await (const chunk of source) if (target) await writeAll(target, chunk);
}
