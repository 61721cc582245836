import { dirname } from 'node:path'

import { readBounded } from '../files/bounded-file.ts'
import type { Diagnostic, DiagnosticCode } from '../model/diagnostic.ts'
import { whyUnread } from './path-kind.ts'
import { type Source, fileDiagnostic, sourceOf } from './source.ts'

const maximumBytes = 16 * 1024 * 1024

type Read =
  { readonly ok: true; readonly source: Source } | { readonly ok: false; readonly diagnostic: Diagnostic }

/** Reads one file as UTF-8 text. `shown` is its name on screens; `quotable` as of `Source`. */
export async function readSource(file: string, shown: string, quotable = true): Promise<Read> {
  const refuse = (code: DiagnosticCode, message: string, hint: string): Read => ({
    ok: false,
    diagnostic: fileDiagnostic(shown, code, message, hint),
  })
  let bytes: Buffer
  try {
    const found = await readBounded(file, maximumBytes)
    if (!found.ok && found.why === 'not-regular')
      return refuse('unreadable-file', 'This is not a regular file', 'Name a YAML file.')
    if (!found.ok) {
      const size = (found.size / 1024 / 1024).toFixed(1)
      const hint = 'Split it into several files, and name their folder with -c.'
      return refuse('too-large', `The file has ${size} MB; more than 16 MB are not read`, hint)
    }
    bytes = found.bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      const hint = 'It was there a moment ago, or it is a link that leads nowhere.'
      return refuse('missing-file', 'The file is gone', hint)
    }
    return refuse(
      'unreadable-file',
      `The file cannot be read: ${whyUnread(error)}`,
      'Check its owner and mode.',
    )
  }
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return refuse('not-utf-8', 'The file is UTF-16', 'Save it as UTF-8.')
  }
  if (bytes.includes(0))
    return refuse('binary', 'The file is binary: it holds NUL bytes', 'Name a YAML file.')
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { ok: true, source: sourceOf(shown, dirname(file), text, quotable) }
  } catch {
    return refuse('not-utf-8', 'The file is not UTF-8', 'Save it as UTF-8.')
  }
}
