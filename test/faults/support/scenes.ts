import { day } from '../../../src/model/duration.ts'
import type { CallName } from '../wire-faults.ts'
import type { Play } from './play.ts'

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
}

interface Declared {
  readonly permissions?: string
  readonly scope?: string
  readonly strategy?: string
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
    - exec: { put: [open-store, write, '{key}'], get: [open-store, read, '{key}'] }
    - exec: { put: [sealed-store, write, '{key}'] }
limits: { rotate: 100%, revoke: 100% }
keys:
  agents: { name: Agents, scope: ${scope}, permissions: [${permissions}] }
  bystander: { name: Bystander, scope: all, permissions: [read_results], expires: never, rotate: { maxAge: never } }
`
}

const keys = /^\/api\/api-keys$/
const oneKey = /^\/api\/api-keys\/[^/]+$/
const whoami = /^\/api\/auth\/whoami$/
const apply = 'apply --auto-approve'

/** Only the bystander is there: `agents` is new. */
async function begin(play: Play): Promise<void> {
  await play.write(configuration().replace(/^ {2}agents:.*\n/m, ''))
  await play.succeed(apply)
  await play.write(configuration())
}

async function both(play: Play): Promise<void> {
  await play.write(configuration())
  await play.succeed(apply)
}

async function due(play: Play): Promise<void> {
  await both(play)
  play.now += 61 * day
}

async function dueInPlace(play: Play): Promise<void> {
  await play.write(configuration({ strategy: 'in-place' }))
  await play.succeed(apply)
  play.now += 61 * day
}

async function retiring(play: Play): Promise<void> {
  await due(play)
  await play.succeed(apply)
  play.now += 4 * day
}

async function edited(play: Play): Promise<void> {
  await both(play)
  await play.write(configuration({ permissions: 'read_scenarios' }))
}

async function withReplay(play: Play, replay: Play['replay'], before: Scene['before']): Promise<void> {
  await before(play)
  play.replay = replay
}

const call = { line: apply, nth: 1 }

export const scenes: Readonly<Record<CallName, Scene>> = {
  'list: what there is': { ...call, before: due, method: 'GET', path: keys },
  'list: rivals of a new key': { ...call, before: begin, method: 'GET', path: keys, nth: 2 },
  'list: before a revocation': { ...call, before: retiring, method: 'GET', path: keys, nth: 2 },
  'whoami: who calls': { ...call, before: due, method: 'GET', path: whoami },
  'whoami: a new secret': { ...call, before: begin, method: 'GET', path: whoami, nth: 2 },
  'whoami: a regenerated secret': { ...call, before: dueInPlace, method: 'GET', path: whoami, nth: 2 },
  projects: {
    ...call,
    before: async play => {
      await both(play)
      await play.write(configuration({ scope: '[sales-assistant]' }))
    },
    method: 'GET',
    path: /^\/api\/projects$/,
  },
  create: { ...call, before: begin, method: 'POST', path: keys },
  'create, never replayed': {
    ...call,
    before: play => withReplay(play, 'none', begin),
    method: 'POST',
    path: keys,
  },
  'create, replayed secretless': {
    ...call,
    before: play => withReplay(play, 'without the secret', begin),
    method: 'POST',
    path: keys,
  },
  'create: a successor': { ...call, before: due, method: 'POST', path: keys },
  'get: the rest of a new key': {
    ...call,
    before: async play => {
      await begin(play)
      play.bend = async (request, answer) => {
        if (request.method !== 'POST' || answer.status !== 201) return answer
        const { api_key, key } = (await answer.json()) as { api_key: { id: string }; key?: string }
        return Response.json({ api_key: { id: api_key.id }, key }, answer)
      }
    },
    method: 'GET',
    path: oneKey,
  },
  'get: after its version moved': {
    ...call,
    before: async play => {
      await edited(play)
      play.onFirst('PATCH', () => play.touch('Agents'))
    },
    method: 'GET',
    path: oneKey,
  },
  'update: a declaration': { ...call, before: edited, method: 'PATCH', path: oneKey },
  'update: delivered': { ...call, before: begin, method: 'PATCH', path: oneKey },
  'update: regenerated': { ...call, before: dueInPlace, method: 'PATCH', path: oneKey },
  regenerate: { ...call, before: dueInPlace, method: 'POST', path: /\/regenerate$/ },
  'regenerate, never replayed': {
    ...call,
    before: play => withReplay(play, 'none', dueInPlace),
    method: 'POST',
    path: /\/regenerate$/,
  },
  'regenerate, replayed secretless': {
    ...call,
    before: play => withReplay(play, 'without the secret', dueInPlace),
    method: 'POST',
    path: /\/regenerate$/,
  },
  revoke: { ...call, before: retiring, method: 'DELETE', path: oneKey },
  usage: { ...call, before: both, line: 'apikeys show Agents', method: 'GET', path: /\/usage$/ },
}
