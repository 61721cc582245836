import { unknownUses } from '../audit/consumers/find-unknown-uses.ts'
import { lastUses } from '../audit/consumers/observed.ts'
import { startOfDay } from '../audit/merge-usage.ts'
import type { Context } from '../context.ts'
import { type Lineage, membersOf } from '../lifecycle/lineage.ts'
import { ownedKeys } from '../lifecycle/ownership.ts'
import type { DesiredState } from '../model/desired.ts'
import { type Instant, day, parseDate, parseDuration } from '../model/duration.ts'
import { Failure, exitCodes } from '../model/failure.ts'
import { type JudgedSecret, type LeakReport, type UseOfLeaked, isContained } from '../model/leak.ts'
import type { Listing, PlatformClient } from '../platform/types.ts'
import { leakToJson, renderFound, renderLeak } from '../render/audit/leak-text.ts'
import { jsonText } from '../render/text/json.ts'
import { type ApplyOptions, runApply } from './apply-command.ts'
import { maximumRequestsOf } from './audit/options.ts'
import { requireConfiguration } from './configuration.ts'
import { askAgain, identifySecrets } from './leak/identify.ts'
import { readInput } from './leak/read-input.ts'
import { readReport } from './leak/read-report.ts'
import { runPlan } from './plan-command.ts'
import { nothingAsked } from './plan-options.ts'
import { askUsage } from './who/figures.ts'

export interface LeakOptions extends Omit<
  ApplyOptions,
  'planFile' | 'ttl' | 'full' | 'jsonInto' | 'jsonLines' | 'heartbeat' | keyof typeof nothingAsked
> {
  /** A file; null with `stdin`. */
  readonly file: string | null
  readonly stdin: boolean
  readonly dryRun: boolean
  /** A date, or a period until now; null: 30 days. */
  readonly since: string | null
  readonly reason: string | null
  readonly maxRequests: number | null
  readonly showPersonal: boolean
}

const usualDays = 30
/** The platform's figures go back no further. */
const mostDays = 366

/** The first day of the uses to list. Throws a usage `Failure`. */
function sinceOf(text: string | null): (now: Instant) => Instant {
  if (text === null) return now => startOfDay(now - (usualDays - 1) * day)
  const [date, period] = [parseDate(text), parseDuration(text)]
  if (date === null && period === null)
    throw new Failure(
      'usage',
      `--since takes a date such as 2027-01-01 or a period such as 7d, not \`${text}\``,
    )
  return now => Math.max(startOfDay(date ?? now - (period ?? 0)), startOfDay(now) - (mostDays - 1) * day)
}

/** Before anything is revoked: what is gone has no figures. */
async function usesOf(
  keyIds: readonly string[],
  desired: DesiredState,
  { keys, now }: Listing,
  since: Instant,
  asking: { readonly client: PlatformClient; readonly maximumRequests: number; readonly parallelism: number },
): Promise<readonly UseOfLeaked[]> {
  const { lineages } = ownedKeys(desired, keys, now)
  const days = Math.max(1, Math.round((startOfDay(now) - since) / day) + 1)
  const cases = desired.keys
    .filter(({ keyId }) => keyIds.includes(keyId))
    .map(key => {
      const lineage = lineages.get(key.keyId)
      return { key, members: lineage === undefined ? [] : membersOf(lineage).map(({ live }) => live) }
    })
  const questions = cases.flatMap(({ members }) => members.map(({ id: liveId }) => ({ liveId, days })))
  const figures = await askUsage(questions, { ...asking, now })
  return cases.map(({ key: { keyId, consumers }, members }) => {
    const found = figures(
      members.map(({ id }) => id),
      days,
    )
    const last = lastUses(members).filter(({ at }) => at >= since)
    const uses = found.known ? unknownUses(consumers, found.usage, last) : null
    return { keyId, undeclared: consumers.length === 0, uses }
  })
}

/** A former run marked it, and its successor is delivered: all that is left to do is to revoke it, which an apply does. */
function isReplaced({ verdict }: JudgedSecret, lineages: ReadonlyMap<string, Lineage>): boolean {
  if (verdict.kind !== 'declared') return false
  const lineage = lineages.get(verdict.keyId)
  const isMarked = lineage?.leaked.some(({ live }) => live.id === verdict.live.id) === true
  return isMarked && lineage.head !== null
}

/** Rotates and revokes as `rotate --now` does, on the connection that is open. */
async function contain(
  { keyIds, anew }: { readonly keyIds: readonly string[]; readonly anew: readonly string[] },
  options: LeakOptions,
  source: string,
  context: Context,
): Promise<number> {
  const request = { note: options.reason ?? `found in ${source}`, leaked: true }
  const rotate = new Map(anew.map(keyId => [keyId, request]))
  const asked = { ...options, ...nothingAsked, only: keyIds, rotate, full: false, jsonInto: null }
  const plain = { planFile: null, ttl: null, jsonLines: false, heartbeat: null }
  if (!options.dryRun) return await runApply({ ...asked, ...plain }, context)
  const looking = { detailedExitcode: false, out: null, ttl: null, at: null, drift: false, stores: false }
  const text = { format: null, showPersonal: options.showPersonal }
  return await runPlan({ ...asked, ...looking, ...text }, context)
}

function keyIdsOf(judged: readonly JudgedSecret[]): readonly string[] {
  const keyIds = judged.flatMap(({ verdict }) => (verdict.kind === 'declared' ? [verdict.keyId] : []))
  return [...new Set(keyIds)].sort()
}

/** Takes what is printed, for a document that is printed as one. */
function keeping({ stdout }: Context): { readonly stdout: Context['stdout']; readonly text: () => string } {
  let kept = ''
  return { stdout: { ...stdout, print: text => void (kept += text) }, text: () => kept }
}

function exitCodeOf(found: readonly JudgedSecret[], applied: number, dryRun: boolean): number {
  if (found.every(isContained)) return applied
  if (dryRun) return exitCodes.refused
  if (applied !== 0) return applied
  return found.some(one => one.verdict.kind === 'declared' && isContained(one))
    ? exitCodes.partial
    : exitCodes.refused
}

/**
 * From a found secret to one that opens nothing: finds its key, marks every generation leaked, rotates and revokes, and lists who else used it.
 * Resolves to 0 where no found secret works any more.
 */
export async function runLeak(options: LeakOptions, context: Context): Promise<number> {
  const { json, parallelism, dryRun } = options
  const sinceAt = sinceOf(options.since)
  const maximumRequests = maximumRequestsOf(options.maxRequests)
  if (parallelism < 1) throw new Failure('usage', '--parallelism takes 1 or more')
  if (json && !options.autoApprove && !dryRun)
    throw new Failure('usage', 'leak --json cannot ask, so it needs --auto-approve or --dry-run')
  const { found, source } = readReport(await readInput(options, context))
  for (const { secret } of found) await context.mask(secret)
  const desired = await requireConfiguration(options.config, null, context)
  const { stack } = desired
  const connection = await context.connect(options)
  const { client } = connection
  // Nothing but the secrets is asked about before it is known whose they are: every minute counts.
  const listing = await client.list()
  const judged = await identifySecrets(found, desired, listing, client, parallelism)
  const { lineages } = ownedKeys(desired, listing.keys, listing.now)
  const keyIds = keyIdsOf(judged)
  const anew = keyIdsOf(judged.filter(one => !isReplaced(one, lineages)))
  const since = sinceAt(listing.now)
  const uses = await usesOf(keyIds, desired, listing, since, { client, maximumRequests, parallelism })
  const { stdout } = context
  const personal = options.showPersonal || (!json && stdout.isTerminal)
  if (!json) stdout.print(`${renderFound(judged, stdout)}\n`)
  const kept = keeping(context)
  const reusing: Context = {
    ...context,
    connect: () => Promise.resolve(connection),
    ...(json ? { stdout: kept.stdout } : {}),
  }
  const applied = keyIds.length === 0 ? 0 : await contain({ keyIds, anew }, options, source, reusing)
  const after = dryRun || keyIds.length === 0 ? judged : await askAgain(judged, client, parallelism)
  const report: LeakReport = {
    stack,
    now: listing.now,
    since,
    dryRun,
    found: after,
    uses,
    requests: client.requests(),
  }
  const done = kept.text() === '' ? null : (JSON.parse(kept.text()) as unknown)
  if (json) stdout.print(jsonText(leakToJson(report, done, personal)))
  else stdout.print(`${keyIds.length === 0 ? '' : '\n'}${renderLeak(report, { ...stdout, personal })}`)
  return exitCodeOf(after, applied, dryRun)
}
