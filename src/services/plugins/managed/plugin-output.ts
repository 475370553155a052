import { messageOf } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import type { Task, TaskAttachment } from "../../../core/tasks/task-runtime.ts";

const LONGEST_LINE = 4096;

/** What the plug-in prints goes to the daemon's log, a line at a time. Resolves when nothing printed from now on is missed. */
export async function logOutput(task: Task, plugin: string, logger: Logger): Promise<void> {
  const attachment = await task.attach({ stdin: false });
  copyLines(attachment, plugin, logger).catch((error) => {
    logger.warn({ plugin, reason: messageOf(error) }, "a plug-in's output cannot be read");
  });
}

async function copyLines(attachment: TaskAttachment, plugin: string, logger: Logger): Promise<void> {
  using _attachment = attachment;
  const rest = { stdout: "", stderr: "" };
  const say = (stream: "stdout" | "stderr", line: string) => {
    if (line === "") return;
    if (stream === "stdout") logger.info({ plugin }, line);
    else logger.error({ plugin }, line);
  };
  for await (const { stream, bytes } of attachment.output) {
    const lines = (rest[stream] + Buffer.from(bytes).toString("utf8")).split("\n");
    rest[stream] = lines.pop()!;
    for (const line of lines) say(stream, line.slice(0, LONGEST_LINE));
    if (rest[stream].length > LONGEST_LINE) {
      say(stream, rest[stream]);
      rest[stream] = "";
    }
  }
  say("stdout", rest.stdout);
  say("stderr", rest.stderr);
}
