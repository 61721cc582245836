import { Failure } from '../model/failure.ts'
import { shellWord } from '../model/shell-word.ts'
import { closest } from '../model/suggest.ts'
import type { NamedFlag } from './flags.ts'

/** Of a command: its name, and what stands after that. */
interface Takes {
  readonly name: string
  readonly takes?: string
  readonly passes?: string
  readonly flags: readonly NamedFlag[]
}

export function usage(message: string, command: string, hints: readonly string[] = []): Failure {
  return new Failure('usage', message, { hints: [...hints, `See: fluxloop-keys help ${command}`] })
}

/** A flag that nobody knows, with the one that was probably meant. */
function unknownFlag(written: string, { name, flags }: Takes): Failure {
  const message = `Unknown flag ${written}`
  if (written === '-v' || written === '--version') {
    return usage(message, name, ['Did you mean --verbose?', 'fluxloop-keys version prints the version.'])
  }
  const bare = written.replace(/^-+/, '')
  const short = flags.find(flag => flag.short === bare.charAt(0))
  const names = flags.map(flag => flag.name)
  const near = names.find(each => each === bare || each === `no-${bare}`) ?? closest(bare, names)
  const oneDash = /^-[^-]./.test(written)
  const dashes = oneDash ? ['A long flag begins with two dashes.'] : []
  if (near !== null) return usage(message, name, [`Did you mean --${near}?`, ...dashes])
  if (oneDash && short !== undefined) {
    const rest = bare.slice(1).replace(/^=/, '')
    return usage(message, name, [`Did you mean -${bare.charAt(0)} ${shellWord(rest)}?`])
  }
  return usage(message, name, dashes)
}

/** mri takes the word after a switch for its value, and turns it into a number where it can. Off and `--no-NAME` are one to it. */
function plainSwitch(name: string, isOn: boolean): readonly string[] {
  if (name.startsWith('no-')) return isOn ? [`--${name}`] : []
  return [isOn ? `--${name}=true` : `--no-${name}`]
}

/**
 * Checks every flag of a command line and writes it in the one way that mri, the parser in sade, cannot misread: long, with
 * its value as a word of its own. mri takes `-auto-approve` for a bundle of short flags, one of which is -v, and `--name=` for
 * a flag whose value is the next word. Throws a usage `Failure`.
 */
export function plainFlags(args: readonly string[], command: Takes): readonly string[] {
  const plain: string[] = []
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? ''
    if (!arg.startsWith('-')) {
      plain.push(arg)
      continue
    }
    if (arg === '-') throw usage('Unexpected argument `-`', command.name)
    const equals = arg.indexOf('=')
    const written = equals < 0 ? arg : arg.slice(0, equals)
    const given = equals < 0 ? null : arg.slice(equals + 1)
    const negated = command.flags.find(({ name, value }) => value === undefined && written === `--no-${name}`)
    if (negated !== undefined && given === null) {
      plain.push(written)
      continue
    }
    const flag = command.flags.find(
      ({ name, short }) => written === `--${name}` || (short !== undefined && written === `-${short}`),
    )
    if (flag === undefined) throw unknownFlag(written, command)
    const long = `--${flag.name}`
    if (flag.value === undefined) {
      if (given !== null && given !== 'true' && given !== 'false')
        throw usage(`${long} takes no value`, command.name)
      plain.push(...plainSwitch(flag.name, given !== 'false'))
      continue
    }
    const next = given ?? args[at + 1]
    if (given === null) at += 1
    if (next === undefined) throw usage(`${long} needs a value`, command.name)
    if (given === null && next.startsWith('-')) {
      throw usage(`${long} needs a value`, command.name, [
        `Did you mean ${shellWord(`${long}=${next}`)}? A value that begins with a dash follows a =.`,
      ])
    }
    plain.push(...(next.startsWith('-') ? [`${long}=${next}`] : [long, next]))
  }
  return plain
}

/** What a word may have been meant for that a command does not take. */
function meantBy(word: string, { name, flags }: Takes): readonly string[] {
  if (word === 'help') return [`Did you mean help ${name}?`]
  const shown = shellWord(word)
  const has = (flag: string) => flags.some(each => each.name === flag)
  const isPath = /[/\\.*]/.test(word)
  if (has('permission') && /^[a-z]+(?:_[a-z]+)+$|^\*$/.test(word))
    return [`A permission is given with --permission: ${name} KEY --permission ${shown}`]
  return [
    ...(has('config') ? [`A file or folder of the configuration is given with -c: ${name} -c ${shown}`] : []),
    ...(has('only') && !isPath ? [`A key is given with --only: ${name} --only ${shown}`] : []),
  ]
}

/** Checks the words after a command's name against what it takes: `<key-id>`, `[plan]`, `<key...>`. */
export function requireWords(command: Takes, words: readonly string[]): readonly string[] {
  const { name, takes = '' } = command
  const places = takes === '' ? [] : takes.split(' ')
  const missing = places.find((place, index) => place.startsWith('<') && words[index] === undefined)
  if (missing !== undefined) throw usage(`${name} needs ${missing}`, name)
  const endless = places.at(-1)?.includes('...') ?? false
  const extra = words[places.length]
  if (extra !== undefined && !endless) {
    throw usage(`Unexpected argument \`${extra}\``, name, meantBy(extra, command))
  }
  return words
}

/** Checks the words after `--` of a command that runs them. `words`: those before it. */
export function requirePassed(
  { name, passes = '' }: Takes,
  words: readonly string[],
  rest: readonly string[] | null,
): readonly string[] {
  if (rest === null) {
    const [first = 'ci-pipeline'] = words
    throw usage(`${name} needs -- before the command that it runs`, name, [
      `As in: fluxloop-keys ${name} ${shellWord(first)} -- npm test`,
    ])
  }
  if (rest[0] === undefined || rest[0] === '') throw usage(`${name} needs ${passes} after --`, name)
  return rest
}
