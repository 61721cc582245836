import { executePlan } from '../../src/apply/execute-plan.ts'
import { type Gathered, gather } from '../../src/apply/gather.ts'
import {
  type CrashHook,
  type CrashPoint,
  platformWithCrashPoints,
  storesWithCrashPoints,
} from '../../src/apply/crash-points.ts'
import type { Run } from '../../src/apply/run.ts'
import type { Plan } from '../../src/model/change.ts'
import type { DesiredState } from '../../src/model/desired.ts'
import type { Instant } from '../../src/model/duration.ts'
import { Failure } from '../../src/model/failure.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Report } from '../../src/model/outcome.ts'
import type { Secret } from '../../src/model/secret.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import type { PlanOptions } from '../../src/plan/input.ts'
import { testClient } from './client.ts'
import { unsigned } from '../../src/platform/signature.ts'
import type { PlatformClient } from '../../src/platform/types.ts'
import type { RateLimit } from '../../src/sandbox/rate-limiter.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'
import { gatherEvidence } from '../../src/commands/evidence.ts'
import { ownedKeys } from '../../src/lifecycle/ownership.ts'
import { evidenceNeeded } from '../../src/plan/evidence-needed.ts'
import { nothing, now as start, options as planOptions } from './build.ts'
import { type MemoryStores, memoryStores } from './memory-stores.ts'

/** Thrown at a crash point: the process is no more. Nothing after it happens. */
export class Killed extends Error {}

export interface Exchange {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: Headers
}

/** How an answer of the platform is bent on its way, after it took effect; by default not at all. */
export type Bend = (request: Request, answer: Response) => Promise<Response> | Response

export interface World {
  readonly client: PlatformClient
  readonly stores: MemoryStores
  /** Every request that reached the platform since the last `forget`. */
  readonly exchanges: Exchange[]
  /** `POST /api/api-keys` and so on, ids left out. */
  requests(): readonly string[]
  forget(): void
  now: Instant
  /** The ids of keys that bear our signature: none. */
  signed: ReadonlySet<string>
  bend: Bend
  /** Changes a request on its way; by default not at all. */
  send: (request: Request) => Request
  plan(desired: DesiredState, options?: Partial<PlanOptions>): Promise<Plan>
  apply(desired: DesiredState, how?: ApplyHow): Promise<Applied>
  list(): Promise<readonly LiveKey[]>
  clientAs(secret: Secret, userAgent: string): PlatformClient
  close(): void
}

/** A crash point, the nth time that a run comes by it. */
export interface Place {
  readonly name: CrashPoint
  readonly count: number
}

export interface ApplyHow {
  readonly options?: Partial<PlanOptions>
  readonly run?: Partial<Run>
  /** Hears of every crash point. */
  readonly at?: CrashHook
  /** Dies there. */
  readonly killAt?: Place
}

export interface Applied {
  readonly plan: Plan
  readonly report: Report
  /** What the run came by, until it ended or died. */
  readonly places: readonly Place[]
}

/** The options of a plan, with what the stores show, as the program would find it. */
async function seen(
  desired: DesiredState,
  { current, now }: Gathered,
  { stores, signed }: Pick<World, 'stores' | 'signed'>,
  overrides: Partial<PlanOptions>,
): Promise<PlanOptions> {
  const blind = planOptions({ signed, ...overrides })
  const needed = evidenceNeeded(desired, ownedKeys(desired, current.keys, now), now, blind)
  const evidence = await gatherEvidence(needed, desired, current.keys, blind.formerStores, stores)
  return { ...blind, ...evidence, ...overrides }
}

/** The sandbox in memory, a clock that stands still, and stores that can be looked into. */
export function openWorld(options: { readonly rateLimit?: RateLimit } = {}): World {
  const clock = { now: start }
  const sandbox = openSandbox({ database: ':memory:', now: () => clock.now, ...options })
  const administrator = sandbox.issueAdministrator()
  const exchanges: Exchange[] = []
  const stores = memoryStores()
  let nonces = 0

  const fetch = async (asked: Request): Promise<Response> => {
    const request = world.send(asked)
    const answer = await sandbox.handle(request.clone())
    const { pathname: path } = new URL(request.url)
    exchanges.push({ method: request.method, path, status: answer.status, headers: request.headers })
    return await world.bend(request, answer)
  }
  const clientAs = (credential: Secret, userAgent: string) =>
    testClient({
      credential,
      fetch,
      userAgent,
      now: () => clock.now,
    })
  const client = clientAs(administrator, 'fluxloop-keys/0.0.0-test')

  const world: World = {
    client,
    stores,
    exchanges,
    requests: () => exchanges.map(({ method, path }) => `${method} ${path.replace(/key_\w+/, ':id')}`),
    forget: () => exchanges.splice(0),
    get now() {
      return clock.now
    },
    set now(at) {
      clock.now = at
    },
    signed: nothing,
    bend: (_request, answer) => answer,
    send: request => request,
    plan: async (desired, options = {}) => {
      const gathered = await gather(desired, client)
      return computePlan(
        desired,
        gathered.current,
        gathered.now,
        await seen(desired, gathered, world, options),
      )
    },
    apply: async (desired, { options = {}, run: overrides = {}, at, killAt } = {}) => {
      const gathered = await gather(desired, client)
      const { current, now } = gathered
      const chosen = await seen(desired, gathered, world, options)
      const plan = computePlan(desired, current, now, chosen)
      let dead = false
      const places: Place[] = []
      const alive = <T extends object>(port: T): T =>
        new Proxy(port, {
          get: (target, name) => {
            const value: unknown = Reflect.get(target, name)
            if (typeof value !== 'function') return value
            return (...args: readonly unknown[]): unknown => {
              if (dead) throw new Killed()
              const answer: unknown = Reflect.apply(value, target, args)
              return name === 'open' ? alive(answer as object) : answer
            }
          },
        })
      const hook: CrashHook = name => {
        if (dead) throw new Killed()
        at?.(name)
        const count = places.filter(place => place.name === name).length + 1
        places.push({ name, count })
        dead = name === killAt?.name && count === killAt.count
        if (dead) throw new Killed()
      }
      const { platform = client, stores: ownStores = stores, ...others } = overrides
      const run: Run = {
        desired,
        options: chosen,
        caller: current.caller,
        known: new Set(current.keys.map(({ id }) => id)),
        platform: platformWithCrashPoints(alive(platform), hook),
        stores: storesWithCrashPoints(alive(ownStores), hook),
        signing: { sign: unsigned, isSigned: () => true },
        budget: client,
        clock: () => world.now,
        nonce: () => `nonce${(nonces += 1).toString(36).padStart(5, '0')}`,
        parallelism: 10,
        stopping: new AbortController().signal,
        tell: () => undefined,
        pause: async () => undefined,
        ...others,
      }
      const report = await executePlan(plan, run)
      return { plan, report, places }
    },
    list: async () => (await client.list()).keys,
    clientAs,
    close: () => sandbox.close(),
  }
  return world
}

/** A store that refuses, in the words of a real one. */
export function refusingPut(label: string): (asked: string) => void {
  return asked => {
    if (asked === label) throw new Failure('failed', `${label} is locked`)
  }
}
