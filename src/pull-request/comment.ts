import type { Change, Plan } from '../model/change.ts'
import { shortHash } from '../model/hash.ts'
import type { PlanAudit } from '../model/plan-audit.ts'
import { plural } from '../model/plural.ts'
import { widenedFields } from '../model/widening.ts'
import { canonicalChange } from '../plan/canonical.ts'
import { planToMarkdown } from '../render/plan/plan-markdown.ts'
import { summaryLine } from '../render/plan/plan-summary.ts'
import { inertText } from '../render/text/markdown.ts'
import { breakable, cut } from '../render/text/layout.ts'
import type { Overruled } from './judge.ts'
import { type CommentState, type FormerPlan, stateLine } from './comment-state.ts'

/** At most that many former plans are kept. */
const mostFormer = 10
/** At most that many hashes of what widens or ends: more are one. */
const mostGrave = 1000

/** What a comment shows. */
export type Shown =
  | {
      readonly kind: 'plan'
      readonly plan: Plan
      readonly audit: PlanAudit | null
      /** Null: the plan is refused. */
      readonly digest: string | null
      readonly overruled: readonly Overruled[]
    }
  /** Why there is no plan for this commit; our own words, with inert text of others in them. */
  | { readonly kind: 'no-plan'; readonly why: string; readonly overruled: readonly Overruled[] }

export interface CommentFacts {
  readonly stack: string
  readonly commit: string
  /** `main`. */
  readonly branch: string
  readonly shown: Shown
}

const overruledTexts: Readonly<Record<Overruled['what'], string>> = {
  policy: 'the `policy`',
  limits: 'the `limits`',
  'prune.keep': '`prune.keep`',
  protect: '`protect`',
  exceptions: 'the `exceptions`',
  marker: 'the signing keys under `marker`',
  platform: 'the platform in `.fluxloop/project.json`',
}

/** Says of what the base branch's word counts. Null: of nothing else than usual. */
export function overruledNote(overruled: readonly Overruled[], branch: string): string | null {
  if (overruled.length === 0) return null
  const items = overruled.map(({ what, keyIds }) => {
    const some = keyIds.slice(0, 10).map(inertText).join(', ')
    const more = keyIds.length > 10 ? ` and ${keyIds.length - 10} more` : ''
    return `> - ${overruledTexts[what]}${keyIds.length === 0 ? '' : ` of ${some}${more}`}`
  })
  return [
    '> [!IMPORTANT]',
    `> This changes what judges it. Until it is merged, ${inertText(branch)} has the word on:`,
    ...items,
  ].join('\n')
}

/** A text for each thing that grants more or ends a key, the same for as long as it does the same. */
function graveTexts(changes: readonly Change[]): readonly string[] {
  return changes.flatMap(change => {
    const widened = widenedFields(change).map(
      field => `widens ${change.keyId} ${field} ${gained(change, field)}`,
    )
    return change.kind === 'revoke' ? [...widened, `ends ${change.live.id}`] : widened
  })
}

function gained(change: Change, field: string): string {
  if (!('desired' in change)) return ''
  const { scope, permissions, expires } = change.desired
  return canonicalChange(field === 'scope' ? scope : field === 'permissions' ? permissions : expires)
}

function graveHashes(changes: readonly Change[]): readonly string[] {
  const hashes = [...new Set(graveTexts(changes).map(text => shortHash(text, 8)))].sort()
  return hashes.length <= mostGrave ? hashes : [shortHash(hashes.join(), 8)]
}

function restOf(shown: Shown): string {
  if (shown.kind === 'no-plan') return shortHash(JSON.stringify([shown.why, shown.overruled]), 8)
  const { findings, retiring, deferred, unmanaged } = shown.plan
  const audited = shown.audit?.findings.map(({ fingerprint }) => fingerprint) ?? []
  const waiting = [...retiring, ...deferred].map(({ keyId, live }) => [keyId, live.id])
  const facts = [findings, waiting, unmanaged.map(({ id }) => id), audited, shown.overruled]
  return shortHash(canonicalChange(facts), 8)
}

function summaryOf(shown: Shown): string {
  return shown.kind === 'plan' ? cut(breakable(summaryLine(shown.plan)), 200) : 'No plan.'
}

/** The plans that the last comment showed, and those that it had below it. */
export function formerPlans(before: CommentState | null, commit: string): readonly FormerPlan[] {
  if (before === null || before.commit === commit) return before?.former ?? []
  return [{ commit: before.commit, summary: before.summary }, ...before.former].slice(0, mostFormer)
}

function formerText(former: readonly FormerPlan[]): string {
  if (former.length === 0) return ''
  const items = former.map(({ commit, summary }) => `- \`${shortCommit(commit)}\`: ${inertText(summary)}`)
  return ['<details><summary>Former plans</summary>', '', ...items, '', '</details>'].join('\n')
}

/** Of what may have come out of an edited comment, too. */
function shortCommit(commit: string): string {
  return /^[0-9a-f]{7,64}$/.test(commit) ? commit.slice(0, 7) : 'unknown'
}

/** What a comment says, in at most `limit` characters, and what it remembers. */
export function commentText(
  { stack, commit, branch, shown }: CommentFacts,
  former: readonly FormerPlan[],
  limit: number,
): { readonly text: string; readonly state: CommentState } {
  const digest = shown.kind === 'plan' ? shown.digest : null
  const grave = shown.kind === 'plan' ? graveHashes(shown.plan.changes) : []
  const state: CommentState = {
    ...{ stack, commit, digest, summary: summaryOf(shown) },
    ...{ rest: restOf(shown), grave, former },
  }
  const line = stateLine(state)
  const notes = [overruledNote(shown.overruled, branch)].filter(note => note !== null)
  const about = `<sub>Commit \`${shortCommit(commit)}\`${digest === null ? '' : `, digest \`${digest.slice(0, 16)}\``}. ${footer(shown)}</sub>`
  const tail = [formerText(former), about].filter(part => part !== '').join('\n\n')
  const room = limit - line.length - 1
  const body =
    shown.kind === 'plan'
      ? planToMarkdown(shown.plan, { audit: shown.audit, limit: room, notes, tail })
      : [`### Plan of API keys: ${inertText(stack)}`, `**No plan.** ${shown.why}`, ...notes, tail].join(
          '\n\n',
        )
  return { text: `${line}\n${body}`, state }
}

function footer(shown: Shown): string {
  if (shown.kind === 'no-plan' || shown.digest === null) return 'Nothing is approved by merging this.'
  const count = shown.plan.changes.length
  return count === 0 ? 'Merging it changes no key.' : `Merging it approves ${plural(count, 'change')}.`
}
