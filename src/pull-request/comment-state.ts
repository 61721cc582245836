/** What a comment of ours remembers of what it shows. Whoever may edit comments can write it: it decides what is posted, and nothing else. */
export interface CommentState {
  readonly stack: string
  readonly commit: string
  /** Of the review; null: no plan, or a refused one. */
  readonly digest: string | null
  /** The last line of the plan. */
  readonly summary: string
  /** A short hash of what is shown besides the changes: what waits, what is refused, what the base overrules. */
  readonly rest: string
  /** Short hashes of what widens or ends access. */
  readonly grave: readonly string[]
  /** Plans of former commits, the newest first. */
  readonly former: readonly FormerPlan[]
}

export interface FormerPlan {
  readonly commit: string
  /** The last line of that plan. */
  readonly summary: string
}

const opening = '<!-- fluxloop-keys plan '
const closing = ' -->'

/** More characters than our own marker ever has. */
const longest = 20_000

/** Nothing in it ends the HTML comment that it stands in. */
function inComment(json: string): string {
  return json.replace(/[<>-]/g, character => `\\u00${character.charCodeAt(0).toString(16)}`)
}

/** The first line of a comment. */
export function stateLine(state: CommentState): string {
  return `${opening}${inComment(JSON.stringify(state))}${closing}`
}

const isText = (value: unknown): value is string => typeof value === 'string'

function isFormer(value: unknown): value is FormerPlan {
  return (
    typeof value === 'object' &&
    value !== null &&
    'commit' in value &&
    isText(value.commit) &&
    'summary' in value &&
    isText(value.summary)
  )
}

/** Null where the text is not a comment of ours, or its marker is not whole. */
export function readState(text: string): CommentState | null {
  const [line = ''] = text.split(/\r?\n/, 1)
  if (!line.startsWith(opening) || !line.endsWith(closing) || line.length > longest) return null
  let value: unknown
  try {
    value = JSON.parse(line.slice(opening.length, -closing.length))
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { stack, commit, digest, summary, rest, grave, former } = value as Partial<
    Record<keyof CommentState, unknown>
  >
  if (!isText(stack) || !isText(commit) || !isText(summary) || !isText(rest)) return null
  if (digest !== null && !isText(digest)) return null
  if (!Array.isArray(grave) || !grave.every(isText)) return null
  if (!Array.isArray(former) || !former.every(isFormer)) return null
  return { stack, commit, digest, summary, rest, grave, former }
}
