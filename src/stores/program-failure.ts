import type { Remedy } from '../model/presets/preset.ts'
import { Failure } from '../model/failure.ts'
import { SecretSearch } from '../model/secret-search.ts'
import { holdsSecret } from '../model/secret.ts'
import type { ProgramEnd } from './run-program.ts'

/** The reason stands first, or (of a program that prints how it got there) last. */
const longestHead = 400
const longestTail = 200

/** Nobody reads more in a message, and every form of every secret is looked for in all of it. */
const longestSearched = 65_536

interface Said {
  /** What goes after the message, with a colon; empty where nothing was said or may be shown. */
  readonly words: string
  readonly withheld: string | null
}

/** Does a text hold a secret that only a program has seen so far? */
function repeats(text: string, printed: string): boolean {
  const search = new SecretSearch()
  search.add(printed.trim())
  return search.finds(text)
}

const withheld = (why: string): Said => ({ words: '', withheld: why })

function shortened(text: string): string {
  return text.length > longestHead + longestTail
    ? `${text.slice(0, longestHead)} … ${text.slice(-longestTail)}`
    : text
}

/** The beginning and the end of what a program said, without control characters. Nothing at all where a secret may stand in it, or in what was not kept. */
function said({ stdout, stderr, cut }: ProgramEnd, printed: 'words' | 'secret'): Said {
  if (cut || stdout.length + stderr.length > longestSearched)
    return withheld('its output is too long to be searched for secrets')
  // The two may be read as one, in either order.
  const found =
    printed === 'secret'
      ? holdsSecret(stderr) || repeats(stderr, stdout)
      : holdsSecret(stdout + stderr + stdout)
  if (found) return withheld('its output is withheld because it contains a secret')
  const text = printed === 'secret' || stderr.trim() !== '' ? stderr : stdout
  const clean = text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return { words: shortened(clean), withheld: null }
}

/**
 * A `Failure` for a program that ended badly. Its output is quoted unless a secret of this run stands in it, in any form.
 * `printed`: its standard output may be a secret, so that it is not quoted, and neither is a standard error that has it.
 */
export function programFailure(
  program: string,
  doing: string,
  end: ProgramEnd,
  printed: 'words' | 'secret' = 'words',
  remedies: readonly Remedy[] = [],
): Failure {
  const how = end.code === null ? 'was killed' : `ended with exit code ${end.code}`
  const message = `${program} ${how} when asked to ${doing}`
  const { words, withheld: why } = said(end, printed)
  const hints = remedies
    .filter(({ said: sign }) => sign.test(`${end.stderr}\n${end.stdout}`))
    .map(each => each.hint)
  if (why === null) return new Failure('failed', words === '' ? message : `${message}: ${words}`, { hints })
  return new Failure('failed', `${message}; ${why}`, {
    hints: [...hints, 'To see what it prints, run it by hand with a value that is not a secret.'],
  })
}
