import { headingOf, lineDiff } from '../model/line-diff.ts'

/** One file before and after; its path counts from where the patch is applied, with slashes. */
export interface ChangedFile {
  readonly path: string
  readonly before: string
  readonly after: string
}

/** As git writes names: those with other than plain characters in quotes, byte by byte. */
function gitName(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name) && !/["\\]/.test(name)) return name.includes(' ') ? `${name}\t` : name
  const bytes = [...Buffer.from(name)].map(byte =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, '0')}`,
  )
  return `"${bytes.join('')}"`
}

/** A patch that takes the changes back: `git apply` reads it. Line breaks are those of the files. */
export function reversePatch(files: readonly ChangedFile[]): string {
  return files
    .map(({ path, before, after }) => {
      const lines = lineDiff(after, before).flatMap(hunk => [headingOf(hunk), ...hunk.lines])
      const from = gitName(`a/${path}`)
      const to = gitName(`b/${path}`)
      return [`--- ${from}`, `+++ ${to}`, ...lines, ''].join('\n')
    })
    .join('')
}
