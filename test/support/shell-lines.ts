// Command lines of documents: those that are one call of our program run in a warm process, all others in a shell.

/** The commands of a block, each in one line, without comments. */
export function commandLines(block: string): readonly string[] {
  return block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map(line => line.replace(/(^|\s+)#\s.*$/, '').trim())
    .filter(line => line !== '')
}

/** The words after the program's name; null where a line is anything else than one call of it. */
export function programCall(line: string): readonly string[] | null {
  const [, rest] = /^(?:npx )?fluxloop-keys ?(.*)$/.exec(line) ?? []
  if (rest === undefined) return null
  const words = [...rest.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
  const plain = words.every(([, single, double, bare]) =>
    single === undefined ? !/[|<>$`;&*?\\]/.test(double ?? bare ?? '') && !/["']/.test(bare ?? '') : true,
  )
  return plain ? words.map(([, single, double, bare]) => single ?? double ?? bare ?? '') : null
}
