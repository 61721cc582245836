import { unicodeEscape } from './unicode-escape.ts'

/**
 * What CI runners obey in the output of a program, and how text of somebody else's is kept from being obeyed: the last
 * character of each mark is written as an escape (`##\u005bgroup]`), so the text can be read and turned back.
 *
 * | runner | mark | where |
 * | --- | --- | --- |
 * | GitHub, Gitea, Forgejo, act | `::name args::value` | first in a line, after white space |
 * | GitHub, Gitea, Forgejo, act | `##[name args]value` | anywhere |
 * | Azure | `##vso[area.action args]value`, `##[section]` | anywhere |
 * | TeamCity | `##teamcity[name args]` | anywhere |
 * | GitLab | `::add-mask::value`, `section_start:time:name` | first in a line, anywhere |
 * | Travis | `travis_fold:start:name`, `travis_time:` | anywhere |
 * | Buildkite | `---`, `+++`, `~~~`, `^^^ +++` | first in a line, before white space |
 */

/** What no runner's user sees: our colours, and characters that are drawn as nothing. Some comparisons skip them. */
const unseen = '\\u001b\\[[\\d;]*m|\\p{DI}'
const gap = `(?:${unseen})*`
/** Readers of lines differ in what ends one. */
const lineEnd = '\\n\\r\\v\\f\\u0085\\u2028\\u2029'
const lineStart = `(?:^|[${lineEnd}])`
const indentation = `(?:[^\\S${lineEnd}]|${unseen})*`

/** The last character first, and then what stands before it: the other way about, every place in the text would be looked back from. */
const bracket = `\\[(?<=#${gap}#${gap}(?:[\\w.-]${gap}){0,40}\\[)`
const words = ['travis_fold', 'travis_time', 'section_start', 'section_end']
const fold = `:(?<=(?:${words.map(word => Array.from(word).join(gap)).join('|')})${gap}:)`
const colons = `:(?<=${lineStart}${indentation}:${gap}:)`
const heading = ['-', '\\+', '~']
  .map(mark => `${mark}(?=\\s|\\u001b|$)(?<=${lineStart}${gap}${mark}${gap}${mark}${gap}${mark})`)
  .join('|')
const openHeading = `\\+(?<=${lineStart}${gap}\\^\\^\\^\\s+\\+\\+\\+)`

/** Compiled when text asks for it first: nearly all text is plain, and these take longer than all else that a short output needs. */
function compiledLater(source: string): () => RegExp {
  let known: RegExp | null = null
  return () => (known ??= new RegExp(source, 'gu'))
}

const anywhere = compiledLater(`${bracket}|${fold}`)
const headings = compiledLater(`${heading}|${openHeading}`)
const inLines = compiledLater(`${bracket}|${fold}|${colons}|${heading}|${openHeading}`)
const inPatches = compiledLater(`${bracket}|${fold}|${colons}`)

/**
 * In text without any of these, which are quick to look for, no mark can end: not a word, also where something that is not seen is in it, nor
 * a character next to the same one or to one that is not seen.
 */
const perhaps =
  /(?:fold|time|start|end):|(?:\u001b\[[\d;]*m|[^ -~\n])[a-z_]*:|::|---|\+\+\+|~~~|[:~+-][^ -~\n]/

function isPlain(text: string): boolean {
  return !perhaps.test(text) && !(text.includes('#') && text.includes('['))
}

function withoutMarks(text: string, marks: () => RegExp): string {
  return isPlain(text) ? text : text.replace(marks(), unicodeEscape)
}

/** Wrapped at a space, it could come to begin a line. An address such as `::1` has no second pair. */
const colonsOfWords = /:(?<=(?:^|\s)::)(?=[^]*::)/gu

/** A piece of text that may come to stand anywhere, next to anything. */
export function breakCommands(text: string): string {
  return withoutMarks(text, anywhere).replace(colonsOfWords, unicodeEscape)
}

/** Where in a text a character has to be written as an escape, by its offset. */
export function commandMarks(text: string): ReadonlySet<number> {
  return new Set(isPlain(text) ? [] : Array.from(text.matchAll(anywhere()), ({ index }) => index))
}

/** JSON text, whose strings keep their values. No line of it begins with a string's content. */
export function breakCommandsInJson(json: string): string {
  return withoutMarks(json, anywhere)
}

/** A line of a patch that is not one of its headings, and would be taken for one. */
export function breakHeadings(line: string): string {
  return withoutMarks(line, headings)
}

/** Lines for a log that has `before` on its last line. A patch begins with `---` and `+++`, and they are ours. */
export function breakCommandsInLines(text: string, before: string, isPatch: boolean): string {
  const whole = before + text
  if (isPlain(whole)) return text
  return whole
    .replace(isPatch ? inPatches() : inLines(), (mark: string, offset: number) =>
      offset < before.length ? mark : unicodeEscape(mark),
    )
    .slice(before.length)
}
