import type { Context } from '../context.ts'
import { nothingAsked } from './plan-options.ts'
import { useOf } from '../lifecycle/last-use.ts'
import { usageGate } from '../lifecycle/usage-gate.ts'
import type { Plan, Retiring, Revoke } from '../model/change.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import type { Outcome, Report } from '../model/outcome.ts'
import { plural } from '../model/plural.ts'
import { closest } from '../model/suggest.ts'
import type { PlatformClient } from '../platform/types.ts'
import { jsonText } from '../render/text/json.ts'
import { planToJson } from '../render/plan/plan-json.ts'
import { renderPlan } from '../render/plan/plan-text.ts'
import { reportToJson } from '../render/report/report-json.ts'
import { renderOutcome } from '../render/report/report-text.ts'
import { subjectText } from '../render/text/subject-text.ts'
import { wrap } from '../render/text/layout.ts'
import { lastUseClause } from '../render/text/values.ts'
import { exitCodeOf } from './exit-code.ts'
import { beginRecording, logSinks, openAskedLog } from './open-log.ts'
import { type ReconcileOptions, reconcile } from './reconcile.ts'
import { type Held, type LockOptions, whileLocking } from './lock-stack.ts'

type Planning = Pick<
  ReconcileOptions,
  | 'maxRevoke'
  | 'maxRotate'
  | 'revokeInUse'
  | 'takeOver'
  | 'sign'
  | 'rotate'
  | 'breakGlass'
  | 'only'
  | 'except'
  | 'forbid'
  | 'allow'
>

export interface RevokeOptions
  extends Omit<ReconcileOptions, keyof Planning | 'full'>, Omit<LockOptions, 'command'> {
  /** Key ids, or ids of live keys. */
  readonly keys: readonly string[]
  /** Also a key that is in use, or whose use nobody knows. */
  readonly inUse: boolean
  readonly autoApprove: boolean
  readonly log: string | null
}

/** What has to go is named by its live key, and by its key id. */
function isNamed(reference: string, { keyId, live }: Pick<Retiring, 'keyId' | 'live'>): boolean {
  return reference === keyId || reference === live.id
}

/** What a retiring key may wait for when somebody ends it now. */
const early: ReadonlySet<Retiring['wait']['code']> = new Set([
  'grace',
  'in-use',
  'usage-unknown',
  'another-first',
])

/** A retiring key as a revocation; it ends before its grace is over, and passes the gate of its use anyway. */
function revocationOf(
  { keyId, live, generation, reason, wait }: Retiring,
  inUse: boolean,
  quiet: number,
): Revoke {
  if (!early.has(wait.code)) {
    throw new Failure(
      'refused',
      `${live.id} (${keyId}) cannot be revoked yet: its successor is not delivered`,
      {
        hints: ['Run fluxloop-keys apply first: it delivers the successor.'],
      },
    )
  }
  return {
    kind: 'revoke',
    keyId,
    live,
    generation,
    reason,
    gate: { quiet, waived: inUse },
  }
}

const unknownUse = 'may be in use: the platform does not say'

function useText(live: LiveKey, now: number): string {
  return `${useOf(live).kind === 'unknown' ? 'may be' : 'is'} in use: ${lastUseClause(live, now)}`
}

function requireUnused({ live, keyId, gate }: Revoke, now: number): void {
  const wait = usageGate(live, gate, now)
  if (wait === null) return
  const use = wait.code === 'in-use' ? useText({ ...live, lastUse: wait.lastUse }, now) : unknownUse
  throw new Failure('refused', `${live.id} (${keyId}) ${use}`, {
    hints: [
      'Move its users to the new secret first.',
      `To revoke it anyway: fluxloop-keys revoke ${live.id} --in-use`,
    ],
  })
}

/** The retiring keys that were named. Throws a `Failure` where one name is none of theirs, or a key must not go yet. */
function chosen(
  plan: Plan,
  quietOf: (keyId: string) => number,
  { keys, inUse }: RevokeOptions,
): readonly Revoke[] {
  const due = plan.changes.filter(change => change.kind === 'revoke')
  const stray = keys.find(key => ![...due, ...plan.retiring].some(each => isNamed(key, each)))
  if (stray !== undefined) {
    const retiring = [...due, ...plan.retiring]
    const near = closest(
      stray,
      retiring.flatMap(({ keyId, live }) => [keyId, live.id]),
    )
    throw new Failure('not-found', `${stray} has no retiring key`, {
      hints: [
        ...(near === null ? [] : [`Did you mean ${near}?`]),
        'fluxloop-keys list shows which keys are retiring.',
        'A key at work ends when its declaration is removed, or with fluxloop-keys apikeys delete ID.',
      ],
    })
  }
  const named = (each: Pick<Retiring, 'keyId' | 'live'>) => keys.some(key => isNamed(key, each))
  const waiting = plan.retiring.filter(named).map(each => revocationOf(each, inUse, quietOf(each.keyId)))
  for (const revocation of waiting) requireUnused(revocation, plan.now)
  return [...due.filter(named), ...waiting]
}

async function requireApproval(revocations: readonly Revoke[], plan: Plan, context: Context): Promise<void> {
  if (!context.interactive) {
    throw new Failure('failed', 'There is nobody to approve it: not a terminal', {
      hints: ['Add --auto-approve to go on without a question.'],
    })
  }
  const question = `Do you want to revoke ${plural(revocations.length, 'key')} of ${subjectText(plan)} for good?`
  context.stderr.print(
    `\n${wrap(question, context.stderr.width).join('\n')}\nOnly \`yes\` will be accepted.\n`,
  )
  const answer = await context.ask('Enter a value: ')
  if (answer !== 'yes') throw new Failure('failed', 'Cancelled: nothing was revoked')
}

/** Looks once more right before: it may have come into use, or be gone. */
async function revokeOne(change: Revoke, client: PlatformClient, now: number): Promise<Outcome> {
  try {
    const live: LiveKey = await client.get(change.live.id)
    if (live.status !== 'revoked') {
      requireUnused({ ...change, live }, now)
      await client.revoke(live.id, { ifMatch: live.version })
    }
    return { change, status: 'done', action: 'revoked', liveId: live.id, places: [], removed: [] }
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause
    const { code, message, hints } = cause
    return { change, status: 'failed', code, message, hints }
  }
}

async function revokeLocked(options: RevokeOptions, held: Held, context: Context): Promise<number> {
  const { autoApprove, json } = options
  const log = await openAskedLog(options.log, context)
  const { plan, desired, gathered, connection, clock, audit } = await reconcile(
    { ...nothingAsked, ...options, full: true },
    context,
    held.lock,
  )
  const quietOf = (keyId: string) =>
    desired.keys.find(key => key.keyId === keyId)?.rotation.quiet ?? desired.prune.quiet
  const revocations = chosen(plan, quietOf, options)
  const shown: Plan = { ...plan, changes: revocations, retiring: [], unmanaged: [], findings: [] }
  const { stdout } = context
  if (!json) stdout.print(`${renderPlan(shown, { ...stdout, audit: null })}\n\n`)
  if (!autoApprove) await requireApproval(revocations, plan, context)
  const sinks = logSinks(log, held.fleetRun())
  const recorder = await beginRecording(sinks, shown, gathered.current.caller, clock, context)
  const outcomes: Outcome[] = []
  await context.finishingOnInterrupt(async () => {
    for (const change of revocations) {
      const outcome: Outcome =
        context.stopping.aborted || held.lost.aborted
          ? { change, status: 'skipped', why: 'interrupted' }
          : await revokeOne(change, connection.client, clock())
      recorder?.outcome(outcome)
      outcomes.push(outcome)
      if (!json) stdout.print(renderOutcome(outcome, stdout))
    }
  })
  const report: Report = { outcomes, interrupted: context.stopping.aborted }
  if (json) stdout.print(jsonText({ plan: planToJson(shown, audit), report: reportToJson(report, shown) }))
  const trouble = (await recorder?.trouble()) ?? null
  if (trouble !== null) context.stderr.print(`Not everything was logged. ${trouble.message}`)
  return exitCodeOf(report) || (trouble === null ? 0 : 1)
}

/** Revokes retiring keys before their grace is over: through the gate of their use, and never a key at work. */
export async function runRevoke(options: RevokeOptions, context: Context): Promise<number> {
  if (options.json && !options.autoApprove)
    throw new Failure('usage', 'revoke --json cannot ask, so it needs --auto-approve')
  return await whileLocking({ ...options, command: 'revoke' }, context, held =>
    revokeLocked(options, held, context),
  )
}
