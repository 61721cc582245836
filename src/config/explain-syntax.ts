import type { Problem } from './source.ts'

/** Above that the second opinion would cost more time and memory than its better words are worth. */
const maximumLength = 250_000
const maximumProblems = 5

/** What people can do, by the character at which a syntax error stands or by what the error says. */
function hintFor(text: string, at: number, message: string): string | null {
  if (/\ttab|tabs?\b/i.test(message)) return 'YAML is indented with spaces. Replace the tab.'
  const character = text[at] ?? ''
  if (character === '*' || /alias/i.test(message))
    return 'In YAML `*` starts an alias. To mean all permissions, put it in quotes: "*".'
  if ('@`%&!'.includes(character) && character !== '')
    return `A value that starts with \`${character}\` needs quotes.`
  if (/compact mapping|implicit key|implicit map/i.test(message))
    return 'A value that holds `: ` needs quotes, and a property needs a `:` after its name.'
  if (/flow (?:sequence|collection|map)|\[|\{/i.test(message))
    return 'Close every `[` with `]` and every `{` with `}`.'
  if (/quote/i.test(message)) return 'Close the quotes.'
  if (/indent|same column/i.test(message)) return 'Indent what belongs together by the same number of spaces.'
  return null
}

/**
 * Words for a text that the fast reader could not read. The `yaml` package is slower, but goes on after an error and says
 * more exactly what is wrong; it is loaded only here.
 */
export async function explainSyntax(text: string, problem: Problem): Promise<readonly Problem[]> {
  const withHint = (one: Problem): Problem => ({ ...one, hint: hintFor(text, one.span.start, one.message) })
  // The fast reader says it best, and the other one would blame what follows.
  if (/tab character|non-printable|nested too deeply/.test(problem.message) || text.length > maximumLength)
    return [withHint(problem)]
  const { parseAllDocuments } = await import('yaml')
  const documents = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
  const problems: Problem[] = []
  const lines = new Set<number>()
  for (const { pos, message } of Array.isArray(documents)
    ? documents.flatMap(document => document.errors)
    : []) {
    const lineStart = text.lastIndexOf('\n', pos[0] - 1)
    // One mistake often breaks several rules of its line.
    if (lines.has(lineStart) || problems.length === maximumProblems) continue
    lines.add(lineStart)
    const said = /call stack/i.test(message) ? 'it is nested too deeply' : message
    const span = { start: pos[0], end: Math.max(pos[1], pos[0] + 1) }
    problems.push(
      withHint({ code: 'syntax', span, message: `Not valid YAML: ${said}`, hint: null, related: [] }),
    )
  }
  return problems.length > 0 ? problems : [withHint(problem)]
}
