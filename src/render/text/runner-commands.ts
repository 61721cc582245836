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
const fold = ':(?<=(?:travis_(?:fold|time)|section_(?:start|end)):)'
const colons = `:(?<=${lineStart}${indentation}:${gap}:)`
const heading = ['-', '\\+', '~']
  .map(mark => `${mark}(?=\\s|\\u001b|$)(?<=${lineStart}${gap}${mark}${gap}${mark}${gap}${mark})`)
  .join('|')
const openHeading = `\\+(?<=${lineStart}${gap}\\^\\^\\^\\s+\\+\\+\\+)`

const anywhere = new RegExp(`${bracket}|${fold}`, 'gu')
const headings = new RegExp(`${heading}|${openHeading}`, 'gu')
const inLines = new RegExp(`${bracket}|${fold}|${colons}|${heading}|${openHeading}`, 'gu')
const inPatches = new RegExp(`${bracket}|${fold}|${colons}`, 'gu')
/** Wrapped at a space, it could come to begin a line. An address such as `::1` has no second pair. */
const colonsOfWords = /:(?<=(?:^|\s)::)(?=[^]*::)/gu

/** A piece of text that may come to stand anywhere, next to anything. */
export function breakCommands(text: string): string {
  return text.replace(anywhere, unicodeEscape).replace(colonsOfWords, unicodeEscape)
}

/** Where in a text a character has to be written as an escape, by its offset. */
export function commandMarks(text: string): ReadonlySet<number> {
  return new Set(Array.from(text.matchAll(anywhere), ({ index }) => index))
}

/** JSON text, whose strings keep their values. No line of it begins with a string's content. */
export function breakCommandsInJson(json: string): string {
  return json.replace(anywhere, unicodeEscape)
}

/** A line of a patch that is not one of its headings, and would be taken for one. */
export function breakHeadings(line: string): string {
  return line.replace(headings, unicodeEscape)
}

/** Lines for a log that has `before` on its last line. A patch begins with `---` and `+++`, and they are ours. */
export function breakCommandsInLines(text: string, before: string, isPatch: boolean): string {
  return (before + text)
    .replace(isPatch ? inPatches : inLines, (mark: string, offset: number) =>
      offset < before.length ? mark : unicodeEscape(mark),
    )
    .slice(before.length)
}
