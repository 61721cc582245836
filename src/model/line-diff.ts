import { diffArrays } from 'diff'

/** A part of a unified diff. Lines begin with a space, `-` or `+`, and have no line break. */
export interface Hunk {
  /** As in its heading; lines count from 1. */
  readonly oldStart: number
  readonly oldLines: number
  readonly newStart: number
  readonly newLines: number
  readonly lines: readonly string[]
}

export function headingOf({ oldStart, oldLines, newStart, newLines }: Hunk): string {
  return `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`
}

/** Lines of both texts from `old` and `new` on differ: that many of each. */
interface Change {
  readonly old: number
  readonly oldCount: number
  readonly new: number
  readonly newCount: number
}

/** As unified diffs have it. */
const context = 3

/** Beyond that many lines without one in common that stands once in each, nobody looks for what did not change. */
const largestGap = 2_000

const withoutBreak = '\\ No newline at end of file'

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').map(line => `${line}\n`)
  const last = lines.pop()?.slice(0, -1) ?? ''
  return last === '' ? lines : [...lines, last]
}

/** Of the lines that stand once in both texts: the index in each, as long as they stand in one order. */
function anchors(old: readonly string[], desired: readonly string[]): readonly (readonly [number, number])[] {
  const once = (lines: readonly string[]) => {
    const found = new Map<string, number>()
    for (const [index, line] of lines.entries()) found.set(line, found.has(line) ? -1 : index)
    return found
  }
  const inDesired = once(desired)
  const pairs = [...once(old)].flatMap(([line, from]) => {
    const to = inDesired.get(line) ?? -1
    return from < 0 || to < 0 ? [] : [[from, to] as const]
  })
  return longestRise(pairs)
}

/** The longest run of pairs whose second numbers rise; the first ones do. By patience sorting. */
function longestRise(pairs: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const piles: number[] = []
  const before: number[] = []
  const second = (index: number | undefined) => pairs[index ?? -1]?.[1] ?? -1
  for (const [index, [, to]] of pairs.entries()) {
    let low = 0
    let high = piles.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (second(piles[middle]) < to) low = middle + 1
      else high = middle
    }
    before[index] = piles[low - 1] ?? -1
    piles[low] = index
  }
  const rise: (readonly [number, number])[] = []
  for (let index = piles.at(-1) ?? -1; index >= 0; index = before[index] ?? -1) {
    const pair = pairs[index]
    if (pair !== undefined) rise.push(pair)
  }
  return rise.reverse()
}

/**
 * What differs, in time that grows with the texts and not with the number of changes: between lines that stand once in both texts
 * there is little left to compare.
 */
function changesOf(old: readonly string[], desired: readonly string[]): readonly Change[] {
  const changes: Change[] = []
  const add = (change: Change) => {
    const last = changes.at(-1)
    if (
      last !== undefined &&
      last.old + last.oldCount === change.old &&
      last.new + last.newCount === change.new
    )
      changes[changes.length - 1] = {
        ...last,
        oldCount: last.oldCount + change.oldCount,
        newCount: last.newCount + change.newCount,
      }
    else changes.push(change)
  }
  let [from, to] = [0, 0]
  for (const [nextOld, nextNew] of [...anchors(old, desired), [old.length, desired.length] as const]) {
    compareGap(old.slice(from, nextOld), desired.slice(to, nextNew), from, to, add)
    from = nextOld + 1
    to = nextNew + 1
  }
  return changes
}

function compareGap(
  old: readonly string[],
  desired: readonly string[],
  from: number,
  to: number,
  add: (change: Change) => void,
): void {
  if (old.length === 0 && desired.length === 0) return
  if (old.length === 0 || desired.length === 0 || old.length + desired.length > largestGap) {
    add({ old: from, oldCount: old.length, new: to, newCount: desired.length })
    return
  }
  let [atOld, atNew] = [from, to]
  for (const { added, removed, count } of diffArrays([...old], [...desired])) {
    if (removed) add({ old: atOld, oldCount: count, new: atNew, newCount: 0 })
    if (added) add({ old: atOld, oldCount: 0, new: atNew, newCount: count })
    if (!added) atOld += count
    if (!removed) atNew += count
  }
}

/** Changes with the lines around them, those whose lines around meet in one. */
function grouped(changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups: Change[][] = []
  for (const change of changes) {
    const last = groups.at(-1)?.at(-1)
    if (last !== undefined && change.old - (last.old + last.oldCount) <= 2 * context)
      groups.at(-1)?.push(change)
    else groups.push([change])
  }
  return groups
}

/** The hunks of a unified diff of two texts, with three lines around each change. */
export function lineDiff(oldText: string, newText: string): readonly Hunk[] {
  const [old, desired] = [linesOf(oldText), linesOf(newText)]
  const shown = (sign: string, lines: readonly string[]) =>
    lines.flatMap(line => (line.endsWith('\n') ? [sign + line.slice(0, -1)] : [sign + line, withoutBreak]))
  return grouped(changesOf(old, desired)).map(group => {
    const [first, last] = [group[0], group.at(-1)]
    if (first === undefined || last === undefined) throw new TypeError('a group has a change')
    const lead = Math.min(context, first.old)
    const start = first.old - lead
    const end = Math.min(old.length, last.old + last.oldCount + context)
    const lines: string[] = []
    let at = start
    for (const change of group) {
      lines.push(...shown(' ', old.slice(at, change.old)))
      at = change.old + change.oldCount
      lines.push(...shown('-', old.slice(change.old, at)))
      lines.push(...shown('+', desired.slice(change.new, change.new + change.newCount)))
    }
    lines.push(...shown(' ', old.slice(at, end)))
    const newStart = first.new - lead
    const newLines = last.new + last.newCount + (end - at) - newStart
    const oldLines = end - start
    // Of nothing, the number is that of the line before.
    return {
      oldStart: oldLines === 0 ? start : start + 1,
      oldLines,
      newStart: newLines === 0 ? newStart : newStart + 1,
      newLines,
      lines,
    }
  })
}
