/** Indexes as a Job's status writes them: `1,3-5,7`. */
export function formatIndexes(indexes: Iterable<number>): string {
  const parts: string[] = [];
  let first: number | undefined;
  let last = 0;
  const close = () => {
    if (first === undefined) return;
    if (last === first) parts.push(String(first));
    else if (last === first + 1) parts.push(String(first), String(last));
    else parts.push(`${first}-${last}`);
  };
  for (const index of [...new Set(indexes)].sort((a, b) => a - b)) {
    if (first !== undefined && index === last + 1) {
      last = index;
      continue;
    }
    close();
    first = last = index;
  }
  close();
  return parts.join(",");
}

/** The indexes of `text` below `limit`; what is not written well is left out. */
export function parseIndexes(text: string | undefined, limit: number): Set<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? "").split(",")) {
    const range = /^([0-9]+)(?:-([0-9]+))?$/.exec(part);
    if (!range) continue;
    const last = Math.min(Number(range[2] ?? range[1]), limit - 1);
    for (let index = Number(range[1]); index <= last; index++) indexes.add(index);
  }
  return indexes;
}
