import { createHash } from 'node:crypto'
import { dirname, relative, sep } from 'node:path'
import type { Fleet, FleetStack } from './fleet.ts'

/** Properties are sorted, and paths count from the folder of the fleet file: replicas may have it in other places. */
function canonical(value: unknown, folder: string, name = ''): string {
  if (name === 'path' && typeof value === 'string' && value.startsWith('/'))
    return JSON.stringify(relative(folder, value).split(sep).join('/'))
  if (Array.isArray(value)) return `[${value.map(item => canonical(item, folder)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, folder, key)}`).join(',')}}`
}

function digestOf(value: unknown, { file }: Pick<Fleet, 'file'>): string {
  return createHash('sha256')
    .update(canonical(value, dirname(file)))
    .digest('hex')
}

/** The same for two fleets that mean the same, however their files are written and wherever they lie. */
export function fleetDigest(fleet: Fleet): string {
  const { stacks, notifiers, retention } = fleet
  return digestOf({ stacks, notifiers, retention }, fleet)
}

/** The same of one stack: it changes with everything that its next run depends on. */
export function stackDigest(fleet: Pick<Fleet, 'file'>, stack: FleetStack): string {
  return digestOf(stack, fleet)
}
