/**
 * What CI runners find in the output of a step, by their public sources and pages. Stricter than they are in one thing:
 * a command of any name counts, also one that the runner does not know.
 */

export interface Found {
  readonly runner: string
  readonly command: string
  readonly data: string
}

/** .NET's `TrimStart`: white space of Unicode. */
const leadingSpace = /^[\p{Z}\t\n\v\f\r\u0085]+/u

/** .NET's `ReadLine`. */
function linesOf(output: string): readonly string[] {
  return output.split(/\r\n|\r|\n/)
}

/** GitHub's `ActionCommand.TryParseV2`: `::name args::data`, first in a line. */
function secondVersion(line: string): Found | null {
  const text = line.replace(leadingSpace, '')
  const end = text.indexOf('::', 2)
  if (!text.startsWith('::') || end < 0) return null
  const [command = ''] = text.slice(2, end).split(' ')
  return { runner: 'GitHub ::', command, data: text.slice(end + 2) }
}

/** GitHub's `ActionCommand.TryParse`: `##[name args]data`, anywhere. */
function firstVersion(line: string): Found | null {
  return bracketed('GitHub ##[', line, '##[')
}

function bracketed(runner: string, line: string, prefix: string): Found | null {
  const start = line.indexOf(prefix)
  const end = start < 0 ? -1 : line.indexOf(']', start)
  if (end < 0) return null
  const [command = ''] = line.slice(start + prefix.length, end).split(' ')
  return { runner, command, data: line.slice(end + 1) }
}

/** Azure's `Command.TryParse`: `##vso[area.action args]data`, anywhere. */
function azure(line: string): Found | null {
  return bracketed('Azure', line, '##vso[')
}

function teamCity(line: string): Found | null {
  return bracketed('TeamCity', line, '##teamcity[')
}

function byPattern(runner: string, pattern: RegExp): (line: string) => Found | null {
  return line => {
    const [, command] = pattern.exec(line) ?? []
    return command === undefined ? null : { runner, command, data: '' }
  }
}

const parsers = [
  secondVersion,
  firstVersion,
  azure,
  teamCity,
  byPattern('GitLab', /\b(section_(?:start|end)):/),
  byPattern('Travis', /\b(travis_(?:fold|time)):/),
]

/** A unified diff has its own `---` and `+++`. */
const buildkite = [
  byPattern('Buildkite', /^(---|\+\+\+|~~~)(?:\s|$)/),
  byPattern('Buildkite', /^(\^\^\^ \+\+\+)/),
]

/** All commands that any runner would find, in a log as it is and in one whose colours were taken out. */
export function commandsIn(output: string, { patches = false } = {}): readonly Found[] {
  const plain = output.replace(/\u001b\[[\d;?]*[A-Za-z]/g, '')
  const all = patches ? parsers : [...parsers, ...buildkite]
  return [...new Set([output, plain])].flatMap(linesOf).flatMap(line => {
    // A line is one command to a runner, and what else is in it is its data.
    for (const parse of all) {
      const found = parse(line)
      if (found !== null) return [found]
    }
    return []
  })
}
