import type { Context } from '../context.ts'
import { type Plan, isRefused } from '../model/change.ts'
import { type Instant, type Milliseconds, day, parseDate, parseDuration } from '../model/duration.ts'
import { Failure, exitCodes } from '../model/failure.ts'
import type { PlanAudit } from '../model/plan-audit.ts'
import { suggestUnit } from '../model/suggest-unit.ts'
import { originOf } from '../platform/endpoint.ts'
import { configurationHash, toPlanFile } from '../plan/plan-file.ts'
import { impersonal } from '../plan/impersonal.ts'
import { driftPlan, forecastPlan } from '../plan/views.ts'
import { jsonText } from '../render/text/json.ts'
import { planToJson } from '../render/plan/plan-json.ts'
import { commentLimit, planToMarkdown } from '../render/plan/plan-markdown.ts'
import { renderPlan } from '../render/plan/plan-text.ts'
import { shellWord } from '../model/shell-word.ts'
import { dateTime } from '../render/text/time.ts'
import { auditedPlan } from './audited-plan.ts'
import { oneOf } from './audit/options.ts'
import { exitCodeOfPlan, isPending } from './exit-code.ts'
import { type JsonFile, writingJsonInto } from './json-into.ts'
import { overrideFlags } from './overrides.ts'
import { planLifetime } from './plan-lifetime.ts'
import { sameChoice } from './same-choice.ts'
import { requireFreeForPlan, sha256, writePlanText } from './plan-store.ts'
import { type ReconcileOptions, type Reconciliation, reconcile } from './reconcile.ts'
import { escapeControls } from '../render/text/escape.ts'

export interface PlanCommandOptions extends ReconcileOptions {
  readonly detailedExitcode: boolean
  /** The plan file to write; null: none. */
  readonly out: string | null
  /** How long a plan file may be applied: `24h`; null: a day. */
  readonly ttl: string | null
  /** The moment to plan for: `2027-01-01`, `+30d`; null: now. */
  readonly at: string | null
  /** Show drift alone. */
  readonly drift: boolean
  /** Show for every key where its secret goes from here. */
  readonly stores: boolean
  /** The file for the document that `--json` prints; null: none. */
  readonly jsonInto: string | null
  /** Null: text, or JSON with `json`. */
  readonly format: string | null
  /** Markdown leaves the machine: addresses and user agents only where somebody says so. */
  readonly showPersonal: boolean
}

const formats = ['text', 'json', 'markdown'] as const

function lifetimeOf({ out, ttl }: PlanCommandOptions): Milliseconds {
  if (ttl !== null && out === null)
    throw new Failure('usage', '--ttl is about a plan file, so it needs --out')
  return planLifetime(ttl)
}

/** What `30d` and `+30` were probably meant for. */
function aheadHint(at: string): readonly string[] {
  const bare = at.replace(/^\+/, '')
  const meant = parseDuration(bare) === null ? suggestUnit(bare, 'd') : [`Did you mean ${bare}?`]
  return meant.map(hint => hint.replace('mean ', 'mean +'))
}

/** The moment that `--at` names, given the present; null where nobody asked. Throws a usage `Failure`. */
function momentOf({ at, drift, out }: PlanCommandOptions): ((now: Instant) => Instant) | null {
  if (drift && out !== null)
    throw new Failure('usage', '--drift shows a part of a plan, which cannot be saved')
  if (at === null) return null
  if (out !== null) throw new Failure('usage', 'A forecast cannot be applied, so --at does not go with --out')
  if (drift) throw new Failure('usage', 'Drift is about the present, so --drift does not go with --at')
  const ahead = at.startsWith('+') ? parseDuration(at.slice(1)) : null
  const fixed = parseDate(at)
  if (ahead === null && fixed === null)
    throw new Failure(
      'usage',
      `--at takes a date such as 2027-01-01 or a period such as +30d, not \`${at}\``,
      {
        hints: aheadHint(at),
      },
    )
  return now => {
    const moment = fixed ?? now + (ahead ?? 0)
    if (moment > now) return moment
    throw new Failure('usage', `--at ${at} is past: a forecast is about a moment to come`)
  }
}

function viewOf(
  { plan, desired, gathered: { current, now }, options }: Reconciliation,
  moment: ((now: Instant) => Instant) | null,
  { drift }: PlanCommandOptions,
): Plan {
  if (drift) return driftPlan(desired, current, now, options)
  return moment === null ? plan : forecastPlan(desired, current, moment(now), options)
}

/** With `--detailed-exitcode`, 2 means that changes are pending, so every error is 1. */
export async function runPlan(options: PlanCommandOptions, context: Context): Promise<number> {
  const { out, detailedExitcode, jsonInto } = options
  const format = options.format === null ? null : oneOf('format', options.format, formats)
  const lifetime = lifetimeOf(options)
  const moment = momentOf(options)
  if (out !== null) await requireFreeForPlan(out, context.cwd)
  return await writingJsonInto(jsonInto, { detailedExitcode }, context, file =>
    showPlan({ ...options, lifetime, format }, moment, file, context),
  )
}

async function showPlan(
  options: PlanCommandOptions & {
    readonly lifetime: Milliseconds
    readonly format: (typeof formats)[number] | null
  },
  moment: ReturnType<typeof momentOf>,
  file: JsonFile,
  context: Context,
): Promise<number> {
  const { out, detailedExitcode, format } = options
  const reconciliation = await reconcile(options, context)
  const view = viewOf(reconciliation, moment, options)
  const { desired, gathered } = reconciliation
  // Drift is what the platform did, and no rule is about that.
  const { plan, audit } = options.drift
    ? { plan: view, audit: null }
    : moment === null
      ? reconciliation
      : await auditedPlan(view, desired, gathered)
  const { stdout } = context
  file.holds(() => planToJson(plan, audit))
  stdout.print(shown(plan, audit, format, options, stdout))
  if (out !== null) await save(reconciliation, { ...options, out }, context)
  const code = exitCodeOfPlan(plan, plan.changes.length > 0)
  if (code !== 0) return detailedExitcode ? exitCodes.failed : code
  return detailedExitcode && isPending(plan) ? 2 : 0
}

function shown(
  plan: Plan,
  audit: PlanAudit | null,
  format: (typeof formats)[number] | null,
  { json, stores, full, showPersonal }: PlanCommandOptions,
  stdout: Context['stdout'],
): string {
  switch (format ?? (json ? 'json' : 'text')) {
    case 'json':
      return jsonText(planToJson(plan, audit))
    case 'markdown':
      return planToMarkdown(showPersonal ? plan : impersonal(plan), { audit, limit: commentLimit })
    case 'text':
      return renderPlan(plan, { ...stdout, homes: stores, full, audit })
  }
}

/** A refused plan is not saved: nobody can apply it. */
async function save(
  { plan, desired, gathered, options, connection }: Reconciliation,
  asked: PlanCommandOptions & { readonly out: string; readonly lifetime: Milliseconds },
  { cwd, stderr }: Context,
): Promise<void> {
  const { out, lifetime, ttl } = asked
  if (isRefused(plan)) {
    stderr.print(`The plan is refused, so ${escapeControls(out)} was not written.`)
    return
  }
  const binding = {
    origin: originOf(connection.url),
    account: gathered.current.caller.account,
    configuration: configurationHash(desired, sha256),
    validUntil: plan.now + lifetime,
    options,
  }
  const file = escapeControls(out)
  await writePlanText(out, jsonText(toPlanFile(plan, desired, binding, sha256)), cwd)
  // apply takes none of these from the file, and a longer life neither.
  const longer = ttl !== null && lifetime > day ? [`--ttl ${ttl}`] : []
  const again = [...sameChoice(asked).map(escapeControls), ...overrideFlags(options), ...longer]
  const line = ['fluxloop-keys apply', escapeControls(shellWord(out)), ...again].join(' ')
  stderr.print(
    `\nThe plan was saved to ${file}, and can be applied until ${dateTime(binding.validUntil)}:\n  ${line}`,
  )
}
