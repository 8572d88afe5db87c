/**
 * What has changed between two sequences: Myers' linear-space search from both ends ("An O(ND) Difference
 * Algorithm"), then runs of changes slid to where GNU diff slides them, so that equal input gives equal hunks. It
 * knows numbers only: equal lines have equal numbers. GNU's guess for very expensive inputs is left out.
 */

/** `from`..`to` of the one sequence stand where `toFrom`..`toTo` of the other do. Ends are exclusive. */
export interface Change { readonly a: number; readonly aEnd: number; readonly b: number; readonly bEnd: number }

/**
 * Equal beginnings and ends are left out first, but for `horizon` lines of each: a change slides no further.
 */
export function changesBetween(a: readonly number[], b: readonly number[], horizon = 0): Change[] {
  const most = Math.min(a.length, b.length);
  let before = 0;
  while (before < most && a[before] === b[before]) before++;
  let after = 0;
  while (after < most - before && a[a.length - 1 - after] === b[b.length - 1 - after]) after++;
  [before, after] = [Math.max(0, before - horizon), Math.max(0, after - horizon)];
  return middleChanges(a.slice(before, a.length - after), b.slice(before, b.length - after))
    .map((change) => ({ a: change.a + before, aEnd: change.aEnd + before, b: change.b + before, bEnd: change.bEnd + before }));
}

function middleChanges(a: readonly number[], b: readonly number[]): Change[] {
  const gone = new Uint8Array(a.length + 1);
  const come = new Uint8Array(b.length + 1);
  markChanges(a, b, gone, come);
  slide(a, gone, come);
  slide(b, come, gone);
  const changes: Change[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; i++, j++) {
    const [i0, j0] = [i, j];
    while (gone[i]) i++;
    while (come[j]) j++;
    if (i > i0 || j > j0) changes.push({ a: i0, aEnd: i, b: j0, bEnd: j });
  }
  return changes;
}

/** Lines that the other side has not at all are changed for certain; the search is about the rest. */
function markChanges(a: readonly number[], b: readonly number[], gone: Uint8Array, come: Uint8Array): void {
  const keep = (own: readonly number[], other: readonly number[], marks: Uint8Array): number[] => {
    const known = new Set(other);
    const kept: number[] = [];
    own.forEach((line, i) => { if (known.has(line)) kept.push(i); else marks[i] = 1; });
    return kept;
  };
  const inA = keep(a, b, gone);
  const inB = keep(b, a, come);
  const x = inA.map((i) => a[i]!);
  const y = inB.map((i) => b[i]!);
  const pending: [number, number, number, number][] = [[0, x.length, 0, y.length]];
  const search = new Search(x, y);
  while (pending.length) {
    let [xFrom, xTo, yFrom, yTo] = pending.pop()!;
    while (xFrom < xTo && yFrom < yTo && x[xFrom] === y[yFrom]) { xFrom++; yFrom++; }
    while (xFrom < xTo && yFrom < yTo && x[xTo - 1] === y[yTo - 1]) { xTo--; yTo--; }
    if (xFrom === xTo) while (yFrom < yTo) come[inB[yFrom++]!] = 1;
    else if (yFrom === yTo) while (xFrom < xTo) gone[inA[xFrom++]!] = 1;
    else {
      const [xMid, yMid] = search.middle(xFrom, xTo, yFrom, yTo);
      pending.push([xFrom, xMid, yFrom, yMid], [xMid, xTo, yMid, yTo]);
    }
  }
}

/** The search for the middle of a shortest path, from both corners at once. */
class Search {
  private readonly forward: Int32Array;
  private readonly backward: Int32Array;
  private readonly zero: number;

  constructor(private readonly x: readonly number[], private readonly y: readonly number[]) {
    this.zero = y.length + 1;
    this.forward = new Int32Array(x.length + y.length + 3);
    this.backward = new Int32Array(x.length + y.length + 3);
  }

  middle(xFrom: number, xTo: number, yFrom: number, yTo: number): [number, number] {
    const { x, y, zero, forward: f, backward: b } = this;
    const [least, most] = [xFrom - yTo, xTo - yFrom];
    const [start, end] = [xFrom - yFrom, xTo - yTo];
    const odd = ((start - end) & 1) !== 0;
    let [fMin, fMax, bMin, bMax] = [start, start, end, end];
    f[zero + start] = xFrom;
    b[zero + end] = xTo;
    for (;;) {
      if (fMin > least) f[zero + --fMin - 1] = -1; else fMin++;
      if (fMax < most) f[zero + ++fMax + 1] = -1; else fMax--;
      for (let d = fMax; d >= fMin; d -= 2) {
        const [low, high] = [f[zero + d - 1]!, f[zero + d + 1]!];
        let i = low < high ? high : low + 1;
        let j = i - d;
        while (i < xTo && j < yTo && x[i] === y[j]) { i++; j++; }
        f[zero + d] = i;
        if (odd && bMin <= d && d <= bMax && b[zero + d]! <= i) return [i, j];
      }
      if (bMin > least) b[zero + --bMin - 1] = 0x7fffffff; else bMin++;
      if (bMax < most) b[zero + ++bMax + 1] = 0x7fffffff; else bMax--;
      for (let d = bMax; d >= bMin; d -= 2) {
        const [low, high] = [b[zero + d - 1]!, b[zero + d + 1]!];
        let i = low < high ? low : high - 1;
        let j = i - d;
        while (xFrom < i && yFrom < j && x[i - 1] === y[j - 1]) { i--; j--; }
        b[zero + d] = i;
        if (!odd && fMin <= d && d <= fMax && i <= f[zero + d]!) return [i, j];
      }
    }
  }
}

/**
 * A run of changed lines whose last equals the line before it may stand one line earlier, and so on. It is slid up
 * to join the run above, then down as far as it goes, but back to where the other side has changes too.
 */
function slide(lines: readonly number[], own: Uint8Array, other: Uint8Array): void {
  const end = lines.length;
  let [i, j] = [0, 0];
  for (;;) {
    while (i < end && !own[i]) {
      while (other[j]) j++;
      j++;
      i++;
    }
    if (i === end) return;
    let start = i;
    while (own[i]) i++;
    while (other[j]) j++;
    let corresponding: number;
    let length: number;
    do {
      length = i - start;
      while (start > 0 && lines[start - 1] === lines[i - 1]) {
        own[--start] = 1;
        own[--i] = 0;
        while (start > 0 && own[start - 1]) start--;
        do j--; while (other[j]);
      }
      corresponding = j > 0 && other[j - 1] ? i : end;
      while (i !== end && lines[start] === lines[i]) {
        own[start++] = 0;
        own[i++] = 1;
        while (own[i]) i++;
        for (j++; other[j]; j++) corresponding = i;
      }
    } while (length !== i - start);
    while (corresponding < i) {
      own[--start] = 1;
      own[--i] = 0;
      do j--; while (other[j]);
    }
  }
}
