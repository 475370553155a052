/** What all promise; where one fails, its error once the others have ended too: nothing may go on under a lease that is given back. */
export async function allOrNone<const T extends readonly Promise<unknown>[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
