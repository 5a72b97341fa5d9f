/** Up to three candidates within a few typing errors of `said`, the nearest first. */
export function nearest(said: string, candidates: readonly string[]): readonly string[] {
  const allowed = said.length <= 3 ? 1 : said.length <= 6 ? 2 : 3;
  return candidates
    .map((candidate) => ({ candidate, distance: distance(said, candidate, allowed) }))
    .filter((each) => each.distance <= allowed)
    .sort((a, b) => a.distance - b.distance || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map((each) => each.candidate);
}

/** Levenshtein distance; anything beyond `limit` is only said to be beyond it. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[b.length] ?? limit + 1;
}
