import { main } from "../cli/main.ts";
import { endProcess } from "../cli/process-end.ts";
import { StandardOutput } from "../cli/streams/standard-output.ts";

const outputs = {
  out: new StandardOutput(process, "stdout"),
  err: new StandardOutput(process, "stderr"),
};
/** Few commands ask registries themselves: the others shall not wait for what that takes. */
const openRemotes = async (insecureRegistries: readonly string[]) => {
  const { openRegistries } = await import("./open-registries.ts");
  return openRegistries({ insecureRegistries });
};
main(process, outputs, openRemotes).then((code) => endProcess(process, outputs, code));
