import type { Diagnostic } from '../../../src/model/diagnostic.ts'

/** A password in a URL, and the user before it, as long as they are: columns stay right. `git@` alone is not a secret. */
function masked(text: string): string {
  return text.replace(
    /(:\/\/)(?!git@)([^\s"']*)@/g,
    (_, start: string, login: string) => `${start}${'*'.repeat(login.length)}@`,
  )
}

/** A diagnostic quotes the file, and a URL in it may hold a password that belongs nowhere. */
export function withoutPasswords(diagnostic: Diagnostic): Diagnostic {
  const line = (text: string | null) => (text === null ? null : masked(text))
  return {
    ...diagnostic,
    message: masked(diagnostic.message),
    hint: line(diagnostic.hint),
    sourceLine: line(diagnostic.sourceLine),
    related: diagnostic.related.map(place => ({ ...place, sourceLine: line(place.sourceLine) })),
  }
}
