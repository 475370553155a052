import { callApi } from "../api-call.ts";
import type { TimedCase } from "./case.ts";
import { type Crowd, makeCrowd } from "./crowd.ts";

const COUNT = 50;

/** Fifty containers on the default network, started at once by API. */
export const startMany: TimedCase = {
  name: `start ${COUNT} at once`,
  mostRuns: 5,
  prepare({ socketPath }) {
    if (!socketPath) return undefined;
    let crowd: Crowd | undefined;
    return {
      async next() {
        await crowd?.[Symbol.asyncDispose]();
        crowd = await makeCrowd(socketPath, COUNT);
        const { names } = crowd;
        return async () => {
          await Promise.all(names.map((name) => callApi(socketPath, "POST", `/containers/${name}/start`)));
        };
      },
      [Symbol.asyncDispose]: async () => crowd?.[Symbol.asyncDispose](),
    };
  },
};
