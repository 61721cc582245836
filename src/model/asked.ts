import { type Instant, formatDate, year } from './duration.ts'
import { type Environment, environments, isEnvironment } from './environment.ts'
import { Failure } from './failure.ts'
import { type Lifetime, endOfLife, parseLifetime } from './lifetime.ts'
import { type Permissions, allPermissions, everyPermission, permissionSet } from './permission.ts'
import { type Scope, scopeOf } from './scope.ts'
import { suggestUnit } from './suggest-unit.ts'
import { closest } from './suggest.ts'

/**
 * What people ask for on a command line or at a prompt, read strictly: each function throws a usage `Failure` whose first hint
 * says what would do. The rules are those of the configuration, so that a key made by hand can be declared later.
 */

/** Invisible characters, and those that reorder text: a name that holds one looks like another. */
const invisible =
  /[\p{Cc}\p{Cs}\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u
const longestName = 100
/** Of the platform (assumed); a key that is managed later needs room for its marker as well. */
const longestDescription = 500
const longestLife = 100 * year

function refuse(message: string, ...hints: readonly string[]): Failure {
  return new Failure('usage', message, { hints })
}

function readLine(text: string, what: string, longest: number): string {
  const line = text.trim()
  if (invisible.test(line)) {
    throw refuse(`The ${what} holds a character that cannot be seen`, 'Type it by hand, on one line.')
  }
  const length = Array.from(line).length
  if (length > longest) {
    throw refuse(`The ${what} has ${length} characters`, `It may have up to ${longest}.`)
  }
  return line
}

export function askedName(text: string): string {
  const name = readLine(text, 'name', longestName)
  if (name === '') throw refuse('The key needs a name', 'Give it one, such as "Production Deployment".')
  return name
}

export function askedDescription(text: string): string {
  const description = readLine(text, 'description', longestDescription)
  if (/\[fk\d/.test(description)) {
    throw refuse(
      'The description holds "[fk", which looks like the marker of a managed key',
      'Leave it out: keys made by hand have no marker.',
    )
  }
  return description
}

/** The items of `a, b`, each once. */
function itemsOf(text: string, what: string, example: string): readonly string[] {
  const items = text.split(',').map(item => item.trim())
  if (items.includes('')) throw refuse(`There is an empty ${what} in "${text}"`, `Write ${example}.`)
  return [...new Set(items)]
}

/** Reads `all`, `*`, or project names with commas between them. Whether there are such projects the platform knows. */
export function askedScope(text: string): Scope {
  const names = itemsOf(text, 'project', '`all`, or project names with commas between them')
  const all = names.filter(name => name === 'all' || name === '*')
  if (all.length === 0) return scopeOf(names)
  if (names.length === all.length) return 'all'
  throw refuse(`"${text}" names all projects and some`, 'Write `all`, or the names alone.')
}

/** Reads permission names with commas between them, or `*` for all of them. */
export function askedPermissions(text: string): Permissions {
  const names = itemsOf(text, 'permission', 'permissions with commas between them')
  for (const name of names) {
    if (name === everyPermission || (allPermissions as readonly string[]).includes(name)) continue
    const near = closest(name, allPermissions)
    const known = `The permissions: ${allPermissions.join(', ')}, or * for all of them.`
    throw refuse(
      `There is no permission "${name}"`,
      ...(near === null ? [known] : [`Did you mean ${near}?`, known]),
    )
  }
  if (names.includes(everyPermission) && names.length > 1) {
    throw refuse('* stands for all permissions, and others are named too', 'Write one or the other.')
  }
  return permissionSet(names)
}

/** Reads `30d`, `1y`, `never` or a date that is still to come: the key ends as that day begins, in UTC. */
export function askedLifetime(text: string, now: Instant): Lifetime {
  const lifetime = parseLifetime(text.trim())
  const forms = 'Write 30d, 90d, 1y, never, or a date such as 2027-01-31.'
  if (lifetime === null) {
    throw refuse(`Invalid expiry "${text}"`, ...suggestUnit(text.trim(), 'd'), forms)
  }
  const end = endOfLife(lifetime, now)
  if (end !== null && end <= now) {
    throw refuse(`The date ${text} is past: today is ${formatDate(now)} in UTC`, 'Name a later day.')
  }
  if (end !== null && end - now > longestLife) {
    throw refuse(`${text} is longer than 100 years`, 'Write `never` for a key without an end.')
  }
  return lifetime
}

export function askedEnvironment(text: string): Environment {
  if (isEnvironment(text)) return text
  throw refuse(`There is no environment "${text}"`, `The environments: ${environments.join(', ')}.`)
}

/** Fails where the scope names a project that the platform does not have. */
export function requireProjects(scope: Scope, projects: readonly string[]): void {
  if (scope === 'all') return
  const unknown = scope.find(name => !projects.includes(name))
  if (unknown === undefined) return
  const near = closest(unknown, projects)
  const known =
    projects.length === 0
      ? 'Your key reaches no projects.'
      : `The projects: ${projects.slice(0, 20).join(', ')}${projects.length > 20 ? ', ...' : ''}`
  throw refuse(
    `There is no project "${unknown}" that you can reach`,
    ...(near === null ? [known] : [`Did you mean ${near}?`, known]),
  )
}
