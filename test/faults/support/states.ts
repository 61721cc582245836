import { day } from '../../../src/model/duration.ts'
import type { Play } from './store-play.ts'

/** What leads to one call of the platform's API, and how to know it. */
export interface Scene {
  /** Brings about what is there before, on a wire without faults. */
  readonly before: (play: Play) => Promise<void>
  /** The command that makes the call. */
  readonly line: string
  readonly method: string
  readonly path: RegExp
  /** Which of the requests that look like it: 1 is the first. */
  readonly nth: number
  /** Does it ask for a later page of a list? */
  readonly later?: boolean
}

interface Declared {
  readonly permissions?: string
  readonly scope?: string
  readonly strategy?: string
}

/** A plan looks into no store that is a program; in place, one has to show that the key is ours. */
const readableStores: Readonly<Record<string, string>> = {
  overlap: "exec: { put: [open-store, write, '{key}'], get: [open-store, read, '{key}'] }",
  'in-place': 'keychain',
}

/** What the stores of a key are called. */
export function storeNamesOf(keyId: string, stored: ReadonlyMap<string, string>): readonly string[] {
  const keychain = `keychain fluxloop/wires/${keyId}`
  const readable = stored.has(keychain) ? keychain : `exec open-store write ${keyId}`
  return [readable, `exec sealed-store write ${keyId}`]
}

/** Two keys, each in a store that can be read and in one that cannot. */
export function configuration({
  permissions = 'read_scenarios, upload_results',
  scope = 'all',
  strategy = 'overlap',
}: Declared = {}): string {
  return `version: 1
stack: wires
defaults:
  expires: 90d
  rotate: { maxAge: 60d, grace: 48h, quiet: 24h, strategy: ${strategy} }
  store:
    - ${readableStores[strategy]}
    - exec: { put: [sealed-store, write, '{key}'] }
limits: { rotate: 100%, revoke: 100% }
keys:
  agents: { name: Agents, scope: ${scope}, permissions: [${permissions}] }
  bystander: { name: Bystander, scope: all, permissions: [read_results], expires: never, rotate: { maxAge: never } }
`
}

export const keys = /^\/api\/api-keys$/
export const oneKey = /^\/api\/api-keys\/[^/]+$/
export const whoami = /^\/api\/auth\/whoami$/
export const regeneration = /\/regenerate$/
export const apply = 'apply --auto-approve'

/** Only the bystander is there: `agents` is new. */
export async function begin(play: Play): Promise<void> {
  await play.write(configuration().replace(/^ {2}agents:.*\n/m, ''))
  await play.succeed(apply)
  await play.write(configuration())
}

export async function both(play: Play): Promise<void> {
  await play.write(configuration())
  await play.succeed(apply)
}

export async function due(play: Play): Promise<void> {
  await both(play)
  play.now += 61 * day
}

export async function dueInPlace(play: Play): Promise<void> {
  await play.write(configuration({ strategy: 'in-place' }))
  await play.succeed(apply)
  play.now += 61 * day
}

export async function retiring(play: Play): Promise<void> {
  await due(play)
  await play.succeed(apply)
  play.now += 4 * day
}

export async function edited(play: Play): Promise<void> {
  await both(play)
  await play.write(configuration({ permissions: 'read_scenarios' }))
}

export async function withReplay(play: Play, replay: Play['replay'], before: Scene['before']): Promise<void> {
  await before(play)
  play.replay = replay
}
