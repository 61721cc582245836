import { escapeControls, redactSecrets } from './escape.ts'

/** Markup, the end of a cell, what a mention, a reference or an address begins with. */
const meaning = /[&<>|*~`[\]\\!]|(?<!\w)_|_(?!\w)|[@#](?=\S)|:(?=\/\/)|\bwww(?=\.)/gi

/** Text that no Markdown reads as anything but text. A zero-width space keeps names and addresses from being found after that. */
export function inertText(text: string): string {
  return escapeControls(redactSecrets(text)).replace(meaning, mark =>
    /[@#:w]/i.test(mark) ? `${mark}&#8203;` : `&#${mark.charCodeAt(0)};`,
  )
}

/** Lines that stand between two fences: more backticks than any of them has in a row. */
function fenceFor(lines: readonly string[]): string {
  let longest = 2
  for (const line of lines) for (const [run] of line.matchAll(/`+/g)) longest = Math.max(longest, run.length)
  return '`'.repeat(longest + 1)
}

/** A part of a page, of which whole entries may be left out. */
export interface Section {
  /** Inert; null: none. */
  readonly title: string | null
  /** Shown only when a reader opens it; needs a title. */
  readonly folded: boolean
  /** Its entries are shown as they are, in letters of one width. */
  readonly fenced: boolean
  readonly entries: readonly string[]
  /** What it calls them: `change`. */
  readonly noun: string
}

/** `and 12 more changes are left out`, as a line of its own. */
function leftOut(count: number, noun: string): string {
  return `And ${count.toLocaleString('en')} more ${noun}${count === 1 ? ' is' : 's are'} left out.`
}

function sectionText(section: Section, shown: number): string {
  const { title, folded, fenced, entries, noun } = section
  const some = entries.slice(0, shown)
  const fence = fenceFor(some)
  const left = entries.length - shown
  const body = some.length === 0 ? [] : fenced ? [fence, some.join('\n').trimEnd(), fence] : some
  const more = left === 0 ? [] : [...(body.length === 0 ? [] : ['']), leftOut(left, noun)]
  if (title === null) return [...body, ...more].join('\n')
  return folded
    ? [`<details><summary>${title}</summary>`, '', ...body, ...more, '', '</details>'].join('\n')
    : [`#### ${title}`, '', ...body, ...more].join('\n')
}

/** What a section takes with none of its entries, with room for the longest fences. */
const frame = 80

/**
 * A page of at most `limit` characters: `head`, then sections, then `tail`. The first sections get the room first; of each, whole entries
 * are left out from the end, and counted.
 */
export function fittedPage(head: string, sections: readonly Section[], tail: string, limit: number): string {
  const filled = sections.filter(({ entries }) => entries.length > 0)
  const bare = filled.reduce((sum, section) => sum + sectionText(section, 0).length + frame, 0)
  let room = limit - head.length - tail.length - bare
  const parts = filled.map(section => {
    let shown = 0
    for (const entry of section.entries) {
      // The fence grows with the longest run of backticks, on both sides.
      const cost =
        entry.length + 1 + 2 * Math.max(0, ...[...entry.matchAll(/`+/g)].map(([run]) => run.length))
      if (cost > room) break
      room -= cost
      shown += 1
    }
    return sectionText(section, shown)
  })
  return [head, ...parts, ...(tail === '' ? [] : [tail])].join('\n\n')
}
