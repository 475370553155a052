/** Parameters of a query; what is undefined, false or an empty list is left out, objects are written as JSON. */
export type Query = Readonly<Record<string, QueryValue>>;
export type QueryValue = string | number | boolean | readonly string[] | object | undefined | null;

/** Values of each filter, as the API's `filters` parameter takes them. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** `?a=b&c=d` of a query, or nothing for an empty one. */
export function encodeQuery(query: Query | undefined): string {
  if (!query) return "";
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === false) continue;
    if (value === true) params.append(name, "1");
    else if (Array.isArray(value)) for (const item of value) params.append(name, item);
    else if (typeof value === "object") params.append(name, JSON.stringify(value));
    else params.append(name, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** Filters as the API takes them, undefined where there is none. */
export function encodeFilters(filters: Filters | undefined): object | undefined {
  if (!filters || Object.keys(filters).length === 0) return undefined;
  const encoded: Record<string, Record<string, true>> = {};
  for (const [name, values] of Object.entries(filters))
    encoded[name] = Object.fromEntries(values.map((value) => [value, true as const]));
  return encoded;
}
