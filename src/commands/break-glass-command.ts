import type { Context } from '../context.ts'
import type { BreakGlassRequest } from '../model/break-glass.ts'
import type { Milliseconds } from '../model/duration.ts'
import { Failure } from '../model/failure.ts'
import { type Permission, allPermissions } from '../model/permission.ts'
import { closest } from '../model/suggest.ts'
import { type ApplyOptions, runApply } from './apply-command.ts'
import { nothingAsked } from './plan-options.ts'

export interface BreakGlassOptions extends Omit<
  ApplyOptions,
  'planFile' | 'ttl' | 'full' | 'jsonInto' | 'jsonLines' | 'heartbeat' | keyof typeof nothingAsked
> {
  readonly key: string
  readonly permission: readonly string[]
  readonly for: Milliseconds | null
  readonly reason: string | null
}

const longestReason = 500

function permissionOf(name: string): Permission {
  const known = allPermissions.find(each => each === name)
  if (known !== undefined) return known
  const near = closest(name, allPermissions)
  throw new Failure('usage', `There is no permission "${name}"`, {
    hints: [
      ...(near === null ? [] : [`Did you mean ${near}?`]),
      `The permissions: ${allPermissions.join(', ')}.`,
    ],
  })
}

function requestOf({ key: keyId, permission, for: length, reason }: BreakGlassOptions): BreakGlassRequest {
  const why = reason?.trim() ?? ''
  if (permission.length === 0 || length === null || why === '')
    throw new Failure('usage', 'break-glass needs --permission, --for and --reason', {
      hints: [
        'Such as: break-glass ci-pipeline --permission manage_projects --for 2h --reason "incident 4711"',
      ],
    })
  if (why.length > longestReason)
    throw new Failure('usage', `The reason has ${why.length} characters, and may have ${longestReason}`)
  return { keyId, permissions: [...new Set(permission.map(permissionOf))].sort(), length, reason: why }
}

/** Gives a key more than it declares, at once and for a time: one PATCH, if the policy lets the caller do it. */
export async function runBreakGlass(options: BreakGlassOptions, context: Context): Promise<number> {
  const breakGlass = requestOf(options)
  const asked = { ...options, ...nothingAsked, only: [options.key], breakGlass }
  const plain = { planFile: null, ttl: null, jsonInto: null, jsonLines: false, heartbeat: null }
  return await runApply({ ...asked, ...plain, full: false }, context)
}
