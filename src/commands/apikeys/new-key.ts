import type { Context } from '../../context.ts'
import {
  askedDescription,
  askedEnvironment,
  askedLifetime,
  askedName,
  askedPermissions,
  askedScope,
} from '../../model/asked.ts'
import type { Environment } from '../../model/environment.ts'
import { Failure } from '../../model/failure.ts'
import { day } from '../../model/duration.ts'
import type { Lifetime } from '../../model/lifetime.ts'
import { permissionLabels, shownPermissions } from '../../model/permission-labels.ts'
import { type Permission, type Permissions, permissionDescriptions } from '../../model/permission.ts'
import type { Scope } from '../../model/scope.ts'
import type { PlatformClient } from '../../platform/types.ts'
import type { Choice, Prompts } from '../../runtime/prompts.ts'
import { escapeControls } from '../../render/text/escape.ts'

/** What the flags say of a new key, read and checked; null where they say nothing. */
export interface Given {
  readonly name: string | null
  readonly description: string | null
  readonly scope: Scope | null
  readonly permissions: Permissions | null
  readonly expires: Lifetime | null
  readonly environment: Environment | null
}

export type NewKeyFlags = { readonly [Name in keyof Given]: string | null }

/** What the platform's web form has ticked. */
const usualPermissions = [
  'read_scenarios',
  'upload_results',
  'create_scenarios',
] as const satisfies readonly Permission[]

/** Checks all flags at once before anything is asked or called. Throws a usage `Failure`. */
export function readGiven(flags: NewKeyFlags, now: number): Given {
  const read = <Value>(text: string | null, reader: (text: string) => Value): Value | null =>
    text === null ? null : reader(text)
  return {
    name: read(flags.name, askedName),
    description: read(flags.description, askedDescription),
    scope: read(flags.scope, askedScope),
    permissions: read(flags.permissions, askedPermissions),
    expires: read(flags.expires, text => askedLifetime(text, now)),
    environment: read(flags.environment, askedEnvironment),
  }
}

/** A key to make: what was given, and the web form's defaults for the rest. */
export function withDefaults({ name, description, scope, permissions, expires, environment }: Given) {
  if (name === null) {
    throw new Failure('usage', 'apikeys create needs --name NAME where it cannot ask: not a terminal', {
      hints: ['Only --name is required: see fluxloop-keys apikeys create --help'],
    })
  }
  return {
    name,
    description: description ?? '',
    marker: null,
    scope: scope ?? 'all',
    permissions: permissions ?? [...usualPermissions].sort(),
    expires: expires ?? { kind: 'period', length: 90 * day },
    environment,
  } as const
}

/** What is wrong with an answer, for a prompt that asks again; null where nothing is. */
function wrongWith(read: () => unknown): string | null {
  try {
    read()
    return null
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [error.message, ...error.hints.slice(0, 1)].join('. ')
  }
}

/** The page's menu and advice. */
const expiryChoices: readonly Choice<string>[] = [
  { value: '30d', label: '30 days', hint: 'Short-term testing' },
  { value: '90d', label: '90 days (recommended)', hint: 'Regular development' },
  { value: '1y', label: '1 year', hint: 'Long-term projects' },
  { value: 'never', label: 'Never', hint: 'Service accounts (use with caution)' },
  { value: 'custom', label: 'Custom date or period', hint: 'Such as 2027-01-31, or 36h' },
]

async function askScope(prompts: Prompts, client: PlatformClient): Promise<Scope> {
  const which = await prompts.one(
    'Scope:',
    [
      { value: 'all', label: 'All Projects' },
      { value: 'some', label: 'Specific Projects' },
    ],
    'all',
  )
  if (which === 'all') return 'all'
  const projects = await client.projects()
  if (projects.length === 0) {
    throw new Failure('not-found', 'There are no projects that you can reach, so none can be chosen', {
      hints: ['Make one in the web platform, or create the key for all projects.'],
    })
  }
  const choices = projects.map(({ name }) => ({ value: name, label: escapeControls(name) }))
  return [...(await prompts.some('Available projects:', choices, []))].sort()
}

async function askPermissions(prompts: Prompts): Promise<Permissions> {
  const choices = shownPermissions.map(value => ({
    value,
    label: permissionLabels[value],
    hint: permissionDescriptions[value],
  }))
  return [...(await prompts.some<Permission>('Permissions:', choices, usualPermissions))].sort()
}

async function askExpiry(prompts: Prompts, now: number): Promise<Lifetime> {
  const picked = await prompts.one('Expires:', expiryChoices, '90d')
  if (picked !== 'custom') return askedLifetime(picked, now)
  const check = (answer: string) => wrongWith(() => askedLifetime(answer, now))
  return askedLifetime(await prompts.line('Expires on or after:', check, '2027-01-31'), now)
}

/** The interactive flow of the platform's page, for whatever the flags do not say. Ctrl-C rejects: nothing is made. */
export async function askForRest(given: Given, client: PlatformClient, context: Context): Promise<Given> {
  const prompts = await context.prompts('Cancelled: no API key was created')
  const now = context.now()
  prompts.title('Create New API Key')
  const name =
    given.name ?? askedName(await prompts.line('Key name:', answer => wrongWith(() => askedName(answer))))
  const description =
    given.description ??
    askedDescription(
      await prompts.line('Description:', answer => wrongWith(() => askedDescription(answer)), 'optional'),
    )
  const scope = given.scope ?? (await askScope(prompts, client))
  const permissions = given.permissions ?? (await askPermissions(prompts))
  const expires = given.expires ?? (await askExpiry(prompts, now))
  context.stderr.print('')
  return { ...given, name, description, scope, permissions, expires }
}
