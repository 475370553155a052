import { main } from "../cli/main.ts";
import { endProcess } from "../cli/process-end.ts";
import { StandardOutput } from "../cli/streams/standard-output.ts";

const outputs = {
  out: new StandardOutput(process, "stdout"),
  err: new StandardOutput(process, "stderr"),
};
main(process, outputs).then((code) => endProcess(process, outputs, code));
