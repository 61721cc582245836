import { platformWithCrashPoints, storesWithCrashPoints } from '../../../src/apply/crash-points.ts'
import { executePlan } from '../../../src/apply/execute-plan.ts'
import { gather } from '../../../src/apply/gather.ts'
import type { Run } from '../../../src/apply/run.ts'
import { serverClock } from '../../../src/commands/server-clock.ts'
import { isRefused } from '../../../src/model/change.ts'
import type { DesiredState } from '../../../src/model/desired.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Report } from '../../../src/model/outcome.ts'
import { everyKey, isEveryKey } from '../../../src/model/targets.ts'
import { computePlan } from '../../../src/plan/compute-plan.ts'
import type { PlanOptions } from '../../../src/plan/input.ts'
import { ownedKeys } from '../../../src/lifecycle/ownership.ts'
import { storesToFind } from '../../../src/plan/lost-stores.ts'
import { unsigned } from '../../../src/platform/signature.ts'
import { nothing, options as planOptions } from '../build.ts'
import { summary } from '../plan-of.ts'
import { desiredOfStack, formerStoresOf, nthKey } from './history-configuration.ts'
import { type Played, credentialOf, judgeConvergence } from './converge.ts'
import { evidenceAt, placesAt, storedAt } from './evidence.ts'
import { judgeLimits } from './limits.ts'
import { judgeWrites } from './judge-writes.ts'
import { siteOf } from './sites.ts'
import type { Apply, History, PlainApply, Step } from './steps.ts'
import { type Watch, localKeysOf, watched } from './watched.ts'
import type { HistoryWorld } from './history-world.ts'

export const ownUserAgent = 'fluxloop-keys/0.0.0-test'

function optionsOf(
  world: HistoryWorld,
  { stack, host, ask }: PlainApply,
  desired: DesiredState,
): PlanOptions {
  const configuration = world.configurations[stack]
  const keyAt = (nth: number | null) =>
    nth === null || configuration === undefined ? null : nthKey(configuration, nth)
  const [rotated, inUse, only] = [keyAt(ask.rotate?.nth ?? null), keyAt(ask.inUse), keyAt(ask.only)]
  return planOptions({
    host: siteOf(host).host,
    places: placesAt(desired, siteOf(host)),
    signed: nothing,
    localKeys: localKeysOf({ desired }),
    takeOver: ask.takeOver,
    maxRevoke: ask.unlimited ? 100 : null,
    maxRotate: ask.unlimited ? 100 : null,
    rotate: new Map(rotated === null ? [] : [[rotated, { note: null, leaked: ask.rotate?.leaked === true }]]),
    revokeInUse: inUse === null ? [] : [inUse],
    targets: only === null ? everyKey : { only: [only], except: [] },
  })
}

function tell(
  world: HistoryWorld,
  { plan, report }: Pick<Played, 'plan'> & { readonly report: Report | null },
): void {
  const refusals = plan.findings.filter(({ severity }) => severity !== 'warning').map(({ code }) => code)
  const outcomes = (report?.outcomes ?? []).map(outcome => {
    if (outcome.status === 'failed') return `failed (${outcome.code})`
    return outcome.status === 'done' ? outcome.action : outcome.status
  })
  for (const outcome of report?.outcomes ?? []) {
    if (outcome.status === 'done') world.deeds.set(outcome.action, (world.deeds.get(outcome.action) ?? 0) + 1)
  }
  const lines = [
    ...(refusals.length > 0 ? [`refused or held: ${refusals.join(', ')}`] : []),
    ...summary(plan).map((line, index) => `${line}: ${outcomes[index] ?? 'not done'}`),
  ]
  world.trace.push(...(lines.length === 0 ? ['no changes'] : lines).map(line => `    ${line}`))
}

/** Plans and applies as the command does, with everything that it does judged. */
export async function apply(
  world: HistoryWorld,
  step: Omit<Apply, 'do'>,
  history: Pick<History, 'tick' | 'dateless'>,
  play: (step: Step | PlainApply) => Promise<void>,
  within: boolean,
): Promise<void> {
  const configuration = world.configurations[step.stack]
  if (configuration === undefined) return
  const desired = desiredOfStack(configuration, world.start)
  const asked = optionsOf(world, { do: 'apply', ...step }, desired)
  const credential = await credentialOf(world, { do: 'apply', ...step }, desired)
  const { meanwhile } = step
  const watch: Watch = {
    desired,
    options: asked,
    callerId: null,
    born: new Set(),
    stored: new Set(),
    seen: [],
    planned: null,
    died: new Set(),
    rotated: [],
    writes: [],
    step,
    history,
    beforeRequest: async count => {
      if (count !== meanwhile?.request) return
      const nested = meanwhile.step
      // A lock keeps a second run of one machine away.
      await play(nested.do === 'apply' ? { ...nested, host: step.host === 1 ? 0 : 1 } : nested)
    },
  }
  const { platform, stores, hook, wasKilled } = watched(
    world.backend.clientAs(credential, ownUserAgent),
    watch,
    world,
  )
  const clockFrom = serverClock([() => world.backend.now])
  const gathered = await gather(desired, platform).catch((cause: unknown) => {
    if (cause instanceof Failure) return cause
    throw cause
  })
  if (gathered instanceof Failure) {
    world.trace.push(`    not even planned (${gathered.code})`)
    return
  }
  const { current, now } = gathered
  watch.callerId = current.caller.key?.id ?? null
  watch.stored = storedAt(world, siteOf(step.host), await world.backend.inspect())
  const options = await evidenceAt(world, siteOf(step.host), desired, current.keys, now, {
    ...asked,
    formerStores: formerStoresOf(desired, storesToFind(desired, ownedKeys(desired, current.keys, now), now)),
  })
  const plan = computePlan(desired, current, now, options)
  const refused = isRefused(plan)
  if (refused || plan.changes.length === 0) {
    tell(world, { plan, report: null })
    return
  }
  const run: Run = {
    desired,
    options,
    caller: current.caller,
    known: new Set(current.keys.map(({ id }) => id)),
    platform: platformWithCrashPoints(platform, hook),
    stores: storesWithCrashPoints(stores, hook),
    signing: { sign: unsigned, isSigned: () => true },
    budget: {
      budget: () => null,
      ready: async () => undefined,
      hold: async () => () => undefined,
      listCost: () => 1,
    },
    clock: clockFrom(now),
    nonce: () => `n${(world.nonces += 1).toString(36).padStart(9, '0')}`,
    parallelism: step.parallelism,
    stopping: new AbortController().signal,
    tell: () => undefined,
    pause: async () => undefined,
  }
  const report = await executePlan(plan, run)
  tell(world, { plan, report })
  judgeLimits(watch, current.keys, world)
  const disturbed = within || wasKilled() || step.locked !== null || meanwhile !== null
  if (!disturbed) judgeWrites(plan, report, watch, world)
  if (!disturbed && isEveryKey(options.targets))
    await judgeConvergence(world, { do: 'apply', ...step }, history, {
      desired,
      gathered,
      options,
      plan,
      report,
    })
}
