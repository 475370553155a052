import { messageOf } from "../../../base/errors.ts";
import { dial } from "../../../client/dial.ts";
import { defineCommand } from "../../command.ts";
import { ExitError } from "../../exit.ts";
import { copyOutput } from "../../streams/demultiplex.ts";

/** How a docker elsewhere reaches this machine's engine through a program that only brings two streams, such as ssh. */
export const command = defineCommand({
  usage: "",
  args: { min: 0, max: 0 },
  flags: {},
  run: async (cli) => {
    const { endpoint } = await cli.client();
    const socket = await dial(endpoint).catch((error: unknown) => {
      throw new ExitError(1, `failed to open the raw stream connection: ${messageOf(error)}`);
    });
    // The engine may end first: what is typed after that is for no one.
    socket.on("error", () => {});
    cli.stdin.pipe(socket);
    await copyOutput(socket, cli.out);
    return 0;
  },
});
