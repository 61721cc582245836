/** Does a name fit a pattern? `*` stands for any characters, `?` for one; everything else for itself. Never backtracks far. */
export function fitsGlob(pattern: string, name: string): boolean {
  const text = Array.from(name)
  const signs = Array.from(pattern)
  let at = 0
  let sign = 0
  let star = -1
  let mark = 0
  while (at < text.length) {
    if (signs[sign] === '*') {
      star = sign
      mark = at
      sign += 1
    } else if (signs[sign] === '?' || (signs[sign] !== undefined && signs[sign] === text[at])) {
      sign += 1
      at += 1
    } else if (star >= 0) {
      mark += 1
      at = mark
      sign = star + 1
    } else {
      return false
    }
  }
  return signs.slice(sign).every(rest => rest === '*')
}
