import { callApi } from "../api-call.ts";
import { IMAGE } from "../peers/peer.ts";

const AT_A_TIME = 8;

/** Runs `step` for each of the numbers below `count`, some at a time. */
async function forEach(count: number, step: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await step(next++);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

/** Many things of one engine, made by API; gone on disposal. */
export interface Crowd extends AsyncDisposable {
  readonly names: readonly string[];
}

/** Creates `count` containers that sleep once they are started. */
export async function makeCrowd(socketPath: string, count: number): Promise<Crowd> {
  const names = Array.from({ length: count }, (_, index) => `bench-crowd-${index}`);
  await forEach(count, (index) =>
    callApi(socketPath, "POST", `/containers/create?name=${names[index]}`, {
      Image: IMAGE,
      Cmd: ["sleep", "100000"],
    }),
  );
  return {
    names,
    [Symbol.asyncDispose]: () =>
      forEach(count, (index) => callApi(socketPath, "DELETE", `/containers/${names[index]}?force=1`)),
  };
}

/** Creates `count` volumes with nothing in them. */
export async function makeVolumes(socketPath: string, count: number): Promise<Crowd> {
  const names = Array.from({ length: count }, (_, index) => `bench-volume-${index}`);
  await forEach(count, (index) => callApi(socketPath, "POST", "/volumes/create", { Name: names[index] }));
  return {
    names,
    [Symbol.asyncDispose]: () =>
      forEach(count, (index) => callApi(socketPath, "DELETE", `/volumes/${names[index]}`)),
  };
}
