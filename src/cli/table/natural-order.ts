/** Order in which runs of digits count as numbers: `net2` before `net10`. Negative, zero or positive. */
export function naturalCompare(a: string, b: string): number {
  const [partsA, partsB] = [split(a), split(b)];
  for (const [index, partA] of partsA.entries()) {
    const partB = partsB[index];
    if (partB === undefined) return 1;
    if (partA === partB) continue;
    const numbers = /^\d/.test(partA) && /^\d/.test(partB);
    if (numbers && Number(partA) !== Number(partB)) return Number(partA) - Number(partB);
    return partA < partB ? -1 : 1;
  }
  return partsA.length - partsB.length;
}

function split(text: string): string[] {
  return text.match(/\d+|\D+/g) ?? [];
}
