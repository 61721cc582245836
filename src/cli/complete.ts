import type { Candidate, Completion } from '../commands/completion/candidates.ts'
import { everyPermission, permissionDescriptions } from '../model/permission.ts'
import { splitAtDashes } from './split-at-dashes.ts'
import type { Command } from './command.ts'
import { groupOf, spellings } from './help.ts'
import { topicNames } from './topics.ts'
import type { NamedFlag } from './flags.ts'

interface Line {
  readonly words: readonly string[]
  readonly values: ReadonlyMap<string, readonly string[]>
  /** The flag whose value the next word is. */
  readonly open: Flag | null
}

type Flag = Pick<NamedFlag, 'name' | 'short' | 'value' | 'text' | 'choices'>

const helpFlag: Flag = { name: 'help', short: 'h', text: 'Show what the command does and takes' }

function flagOf(word: string, flags: readonly Flag[]): Flag | undefined {
  return flags.find(
    ({ name, short }) => word === `--${name}` || (short !== undefined && word === `-${short}`),
  )
}

/** Tells words from flags and their values, up to a `--`. What is unknown is passed over: it is being written. */
function readLine(words: readonly string[], flags: readonly Flag[]): Line {
  const plain: string[] = []
  const values = new Map<string, readonly string[]>()
  const note = (flag: Flag, value: string) => values.set(flag.name, [...(values.get(flag.name) ?? []), value])
  let open: Flag | null = null
  for (const word of splitAtDashes(words).own) {
    if (open !== null) {
      note(open, word)
      open = null
      continue
    }
    const [head = '', ...tail] = word.split('=')
    const flag = flagOf(head, flags)
    if (flag === undefined) {
      if (!word.startsWith('-')) plain.push(word)
    } else if (tail.length > 0 || flag.value === undefined) note(flag, tail.join('='))
    else open = flag
  }
  return { words: plain, values, open }
}

/** The first words of all commands, or the second ones of a group. */
function commandWords(commands: readonly Command[], before: readonly string[]): readonly Candidate[] {
  const found = new Map<string, string>()
  for (const command of commands) {
    for (const spelling of spellings(command)) {
      const [first = '', second] = spelling.split(' ')
      if (before.length === 0) {
        const members = groupOf(first, commands)
        const lasts = members.map(other => other.name.split(' ')[1]).join(', ')
        found.set(first, second === undefined ? command.summary : lasts)
      } else if (first === before[0] && second !== undefined) found.set(second, command.summary)
    }
  }
  return [...found].map(([word, about]) => ({ word, about }))
}

/** How long the command's name is, in words, and the command. */
function findCommand(
  commands: readonly Command[],
  words: readonly string[],
): { readonly command: Command; readonly length: number } | null {
  for (const length of [2, 1]) {
    const [first = '', second] = words.slice(0, length)
    if (length === 2 && second === undefined) continue
    const asked = second === undefined ? first : `${first} ${second}`
    const command = commands.find(each => spellings(each).includes(asked))
    if (command !== undefined) return { command, length }
  }
  return null
}

/** The last name of a comma-separated list: those before it stay. */
function permissionWords(typed: string): readonly Candidate[] {
  const before = typed.slice(0, typed.lastIndexOf(',') + 1)
  const given = before.split(',')
  const all = Object.entries({ ...permissionDescriptions, [everyPermission]: 'All permissions' })
  return all
    .filter(([name]) => !given.includes(name))
    .map(([name, about]) => ({ word: before + name, about }))
}

/** What a place takes, by its name in the help: `<key>`, `<path>`, `<dev|stg|prod|ci>`. */
function valueOf(place: string, typed: string): Pick<Completion, 'candidates' | 'from'> {
  const name = place.replace(/^[<[]|[\]>]$/g, '').replace('...', '')
  if (name.includes('|'))
    return { candidates: name.split('|').map(word => ({ word, about: '' })), from: null }
  switch (name) {
    case 'key':
    case '[name=]key':
      return { candidates: [], from: 'declared' }
    case 'key-id':
      return { candidates: [], from: 'live' }
    case 'path':
    case 'file':
    case 'plan':
      return { candidates: [], from: 'files' }
    case 'perms':
    case 'permissions':
      return { candidates: permissionWords(typed), from: null }
    default:
      return { candidates: [], from: null }
  }
}

function flagValue(flag: Flag | undefined, typed: string): Pick<Completion, 'candidates' | 'from'> {
  if (flag?.choices === undefined) return valueOf(flag?.value ?? '', typed)
  return { candidates: flag.choices.map(word => ({ word, about: '' })), from: null }
}

/** `words`: what stands after the program's name, the last one being the one that is written, perhaps empty. Makes no request. */
export function completionOf(words: readonly string[], commands: readonly Command[]): Completion {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const found = findCommand(commands, before)
  const flags = found === null ? [] : [...found.command.flags, helpFlag]
  const line = readLine(found === null ? before : before.slice(found.length), flags)
  const common = {
    typed: current,
    prefix: '',
    config: line.values.get('config') ?? [],
    apiUrl: line.values.get('api-url')?.at(-1) ?? null,
    staging: line.values.has('staging'),
    profile: line.values.get('profile')?.at(-1) ?? null,
  }
  if (found === null) {
    const candidates = before.length > 1 ? [] : commandWords(commands, before)
    return { ...common, candidates, from: null }
  }
  if (found.command.passes !== undefined && before.includes('--')) {
    return { ...common, candidates: [], from: 'files' }
  }
  if (line.open !== null) return { ...common, ...flagValue(line.open, current) }
  const split = /^(--[^=]+=)(.*)$/.exec(current)
  if (split !== null) {
    const [, prefix = '', typed = ''] = split
    const flag = flagOf(prefix.slice(0, -1), flags)
    return { ...common, typed, prefix, ...flagValue(flag, typed) }
  }
  if (current.startsWith('-')) {
    const open = flags.filter(flag => flag.value !== undefined || !line.values.has(flag.name))
    return {
      ...common,
      candidates: open.map(({ name, text }) => ({ word: `--${name}`, about: text })),
      from: null,
    }
  }
  const places = found.command.takes?.split(' ') ?? []
  const last = places.at(-1) ?? ''
  const place = places[line.words.length] ?? (last.includes('...') ? last : '')
  if (place === '[command...]') {
    const others = line.words.length === 0 ? topicNames.map(word => ({ word, about: 'A topic' })) : []
    return { ...common, candidates: [...commandWords(commands, line.words), ...others], from: null }
  }
  const named = place.includes('[name=]') ? /^(\w+=)(.*)$/.exec(current) : null
  if (named !== null) {
    const [, prefix = '', typed = ''] = named
    return { ...common, typed, prefix, ...valueOf(place, typed) }
  }
  return { ...common, ...valueOf(place, current) }
}
