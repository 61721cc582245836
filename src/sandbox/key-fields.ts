import type { Database } from './database.ts'
import { type Grants, type ProjectScope, isPermission } from './permissions.ts'
import { findProject } from './project-routes.ts'
import { type EnvironmentName, isEnvironmentName, prefixes } from './make-secret.ts'
import { type Fields, listField, textField } from './validation.ts'

/** What a body says about a key; absent where it says nothing. */
interface KeyFields {
  readonly name: string | undefined
  readonly description: string | undefined
  readonly scope: ProjectScope | undefined
  readonly permissions: Grants | undefined
  readonly expiry: Expiry | undefined
  readonly environment: EnvironmentName | undefined
}

/** A date, or a period from now on (milliseconds); `null`: never. */
export type Expiry = { readonly at: number } | { readonly after: number } | null

/** The platform has one limit for what people write and the marker together. */
const longestDescription = 500

/** Far above any period in use, and far below the end of four-digit years. */
const longestPeriod = 100 * 365 * 86_400

export function keyFields(fields: Fields, database: Database, now: number): KeyFields {
  return {
    name: textField(fields, 'name'),
    description:
      fields.value('description') === null
        ? ''
        : textField(fields, 'description', { longest: longestDescription, emptyToo: true }),
    scope: scopeField(fields, database) ?? projectField(fields, database),
    permissions: permissionsField(fields),
    expiry: expiryField(fields, now),
    environment: environmentField(fields),
  }
}

function scopeField(fields: Fields, database: Database): ProjectScope | undefined {
  if (fields.value('scope') === '*') return '*'
  const names = listField(fields, 'scope')
  if (names === undefined) return undefined
  if (names.length === 0) fields.issue('scope', 'List should have at least 1 item', 'too_short')
  if (names.length === 1 && names[0] === '*') return '*'
  const known = names.map((name, at) => {
    const project = findProject(database, name)
    if (project === undefined) fields.issue(['scope', at], `Unknown project '${name}'`, 'unknown_project')
    return project?.name ?? name
  })
  return [...new Set(known)]
}

/** What the platform's own client sends in place of a scope; where both are there, the scope says more. */
function projectField(fields: Fields, database: Database): ProjectScope | undefined {
  const text = textField(fields, 'project_id')
  if (text === undefined) return undefined
  const project = findProject(database, text)
  if (project === undefined) fields.issue('project_id', `Unknown project '${text}'`, 'unknown_project')
  return [project?.name ?? text]
}

function permissionsField(fields: Fields): Grants | undefined {
  const names = listField(fields, 'permissions')
  if (names === undefined) return undefined
  for (const [at, name] of names.entries()) {
    if (name !== '*' && !isPermission(name)) {
      fields.issue(['permissions', at], `Unknown permission '${name}'`, 'unknown_permission')
    }
  }
  return names.includes('*') ? ['*'] : names
}

function expiryField(fields: Fields, now: number): Expiry | undefined {
  const at = fields.value('expires_at')
  const after = fields.value('expires_in')
  if (at !== undefined && after !== undefined) {
    fields.issue('expires_in', 'Give expires_at or expires_in, not both', 'value_error')
    return undefined
  }
  if (at === null || after === null) return null
  if (after !== undefined) {
    if (typeof after !== 'number' || !Number.isInteger(after)) {
      fields.issue('expires_in', 'Input should be a valid integer', 'int_type')
    } else if (after <= 0 || after > longestPeriod) {
      fields.issue('expires_in', `Input should be between 1 and ${longestPeriod} seconds`, 'value_error')
    } else {
      return { after: after * 1_000 }
    }
  }
  if (at !== undefined) {
    const instant = typeof at === 'string' ? readTime(at) : undefined
    if (instant === undefined) {
      fields.issue('expires_at', 'Input should be a valid datetime', 'datetime_parsing')
    } else if (instant <= now) {
      fields.issue('expires_at', 'Datetime should be in the future', 'datetime_future')
    } else {
      return { at: instant }
    }
  }
  return undefined
}

/** ISO 8601 with a zone, or a date (its first instant in UTC). */
function readTime(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/i.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

function environmentField(fields: Fields): EnvironmentName | undefined {
  if (fields.value('environment') === null) return undefined
  const text = textField(fields, 'environment')
  if (text === undefined || isEnvironmentName(text)) return text
  fields.issue('environment', `Input should be one of ${Object.keys(prefixes).join(', ')}`, 'enum')
  return undefined
}
