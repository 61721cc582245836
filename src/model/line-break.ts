/** The line break of the neighbours of an offset: of the line before it, else of the one after it, else a line feed. */
export function lineBreakNear(text: string, offset: number): '\n' | '\r\n' {
  const before = offset === 0 ? -1 : text.lastIndexOf('\n', offset - 1)
  const at = before < 0 ? text.indexOf('\n', offset) : before
  return at > 0 && text[at - 1] === '\r' ? '\r\n' : '\n'
}

/** The line break of most lines of a text; a line feed where it has none. */
export function usualLineBreak(text: string): '\n' | '\r\n' {
  const both = text.match(/\r\n/g)?.length ?? 0
  const all = text.match(/\n/g)?.length ?? 0
  return both > all - both ? '\r\n' : '\n'
}
