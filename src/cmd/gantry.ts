import { main } from "../cli/main.ts";
import { endProcess } from "../cli/process-end.ts";
import { StandardOutput } from "../cli/streams/standard-output.ts";

const output = new StandardOutput(process);
main(process, output).then((code) => endProcess(process, output, code));
