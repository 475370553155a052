/** The same entries in the order of their keys, as Go writes maps into JSON. */
export function sortedByKey<T extends object>(map: T): T {
  const entries = Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries) as T;
}
