import { main } from "../cli/main.ts";
import { endProcess, exitQuietlyOnClosedPipe } from "../cli/process-end.ts";

exitQuietlyOnClosedPipe(process);
endProcess(process, await main(process));
