/** What is told about a series of measurements, in the unit of the series. */
export interface Summary {
  readonly runs: number;
  readonly median: number;
  readonly p90: number;
  readonly min: number;
}

/** The value below which the share `fraction` of `values` lies, interpolated between neighbours. */
export function percentile(values: readonly number[], fraction: number): number {
  if (values.length === 0) throw new Error("percentile of nothing");
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const low = Math.floor(position);
  const high = Math.ceil(position);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (position - low);
}

/** Median, 90th percentile and minimum of a series. */
export function summarize(values: readonly number[]): Summary {
  return {
    runs: values.length,
    median: percentile(values, 0.5),
    p90: percentile(values, 0.9),
    min: Math.min(...values),
  };
}
