/** What ends a word for a shell, outside of quotes. */
const blank = /[ \t\r]/
const operator = /[;&|<>(){}]/

/** A closing character after an opening one, and whether a backslash escapes within. */
const pairs: Readonly<Record<string, { readonly close: string; readonly escapes: boolean }>> = {
  "'": { close: "'", escapes: false },
  '"': { close: '"', escapes: true },
  '`': { close: '`', escapes: true },
}

/** Where what opens at `from` has closed; the end of the line where it never does. */
function afterPair(line: string, from: number): number {
  const pair = pairs[line[from] ?? '']
  let at = from + 1
  for (; at < line.length && line[at] !== pair?.close; at += 1) {
    if (line[at] === '\\' && pair?.escapes === true) at += 1
  }
  return Math.min(at + 1, line.length)
}

/** Where `$(...)` or `${...}` has closed, whatever is nested in it. */
function afterExpansion(line: string, from: number): number {
  let depth = 0
  for (let at = from + 1; at < line.length; at += 1) {
    const character = line[at] ?? ''
    if (character === '(' || character === '{') depth += 1
    else if (character === ')' || character === '}') depth -= 1
    else if (character === '\\') at += 1
    else if (pairs[character] !== undefined) at = afterPair(line, at) - 1
    if (depth === 0) return at + 1
  }
  return line.length
}

/** Where the word of a shell that begins at `from` ends. A backslash at the end of the line, which joins the next one, ends none: -1. */
export function wordEnd(line: string, from: number): number {
  let at = from
  while (at < line.length) {
    const character = line[at] ?? ''
    if (character === '\\') {
      if (at + 1 >= line.length) return -1
      at += 2
    } else if (character === '$' && /[({]/.test(line[at + 1] ?? '')) at = afterExpansion(line, at)
    else if (pairs[character] !== undefined) at = afterPair(line, at)
    else if (blank.test(character) || operator.test(character)) return at
    else at += 1
  }
  return line.length
}

/** Where the words of a line begin; nothing of its comment. */
function* words(line: string): Generator<number> {
  for (let at = 0; at < line.length;) {
    const character = line[at] ?? ''
    if (blank.test(character) || operator.test(character)) at += 1
    else if (character === '#') return
    else {
      yield at
      const end = wordEnd(line, at)
      if (end < 0) return
      at = Math.max(end, at + 1)
    }
  }
}

/** Where a shell finds assignments to `name` on a line: offsets of the name. */
export function assignmentsOn(line: string, name: string): number[] {
  return [...words(line)].filter(
    at => /^\+?=/.test(line.slice(at + name.length)) && line.startsWith(name, at),
  )
}
