// Every case of the wire's faults by its title, `create: a successor/truncated body/every`, and what is wrong where it is played.
import { isDeepStrictEqual, inspect } from 'node:util'
import { readingCalls, readingCases, writing, writingCalls, writingCases } from '../wire-faults.ts'
import { rareReads, rareReadingCases, rareWrites, rareWritingCases } from '../wire-rare-faults.ts'
import { type Played, playCell } from './cell.ts'
import type { Case, Ending, FaultName } from './fault-table.ts'
import type { CallName } from './wire-scenes.ts'

export const tableCases: readonly Case<CallName>[] = [
  ...readingCases,
  ...writingCases,
  ...rareReadingCases,
  ...rareWritingCases,
]

export interface WireCase {
  readonly title: string
  readonly call: CallName
  readonly fault: FaultName
  readonly kind: 'table' | 'retry'
  /** How it has to end: for a fault at the first try and at every try, or at the retry. Null: anyhow, if it claims nothing that is not so. */
  readonly first: Ending | null
  readonly every: Ending | null
}

/** More than any run asks, faulty or not: it is a handful, and five tries at most of each. */
const mostRequests = 25

const ofTable: readonly WireCase[] = tableCases.map(each => ({
  ...each,
  title: `${each.call}/${each.fault}/every try, and the first`,
  kind: 'table',
}))

/** Two faults in a row: a write was carried out and its answer got lost, and the retry meets another fault. */
const retriedWrites: readonly WireCase[] = [...writingCalls, ...rareWrites].flatMap(call =>
  (Object.keys(writing) as FaultName[]).map((fault): WireCase => ({
    title: `${call}/${fault}/the retry`,
    call,
    fault,
    kind: 'retry',
    first: null,
    every: null,
  })),
)

/** After each other fault a read is tried again, so a fault at every try meets the retries too. */
const neverTriedAgain: ReadonlySet<FaultName> = new Set([
  ...(['409', '412', '422', 'redirect to another origin', 'HTML for JSON, without a commit'] as const),
  ...(['gzip bomb', 'clock a day ahead', 'clock a day behind'] as const),
  ...(['page lost', 'page of older keys lost', 'page repeated', 'cursor loop'] as const),
])

const reads: ReadonlySet<string> = new Set([...readingCalls, ...rareReads])

/** A read ends as it would have at the first try. */
const retriedReads: readonly WireCase[] = tableCases
  .filter(({ call, fault }) => reads.has(call) && neverTriedAgain.has(fault))
  .map(each => ({
    ...each,
    title: `${each.call}/${each.fault}/the retry`,
    kind: 'retry',
    every: each.first,
  }))

export const wireCases: readonly WireCase[] = [...ofTable, ...retriedWrites, ...retriedReads]

function differs(what: string, found: unknown, wanted: unknown): readonly string[] {
  const show = (value: unknown) => inspect(value, { breakLength: Infinity })
  return isDeepStrictEqual(found, wanted) ? [] : [`${what}: ${show(found)} instead of ${show(wanted)}`]
}

function tableFaults({ outcome, violations, hits, requests }: Played, expected: Ending | null, when: string) {
  const found = { outcome, hit: hits > 0, fewRequests: requests <= mostRequests }
  return [...violations, ...differs(when, found, { outcome: expected, hit: true, fewRequests: true })]
}

async function playTable({ call, fault, first, every }: WireCase): Promise<readonly string[]> {
  const played = await playCell(call, fault, 'every')
  // Where there was but one try, a fault at the first one is the same play.
  const alone = played.hits === 1 ? played : await playCell(call, fault, 'first')
  return [...tableFaults(played, every, 'at every try'), ...tableFaults(alone, first, 'at the first try')]
}

async function playRetry({ call, fault, every }: WireCase): Promise<readonly string[]> {
  const { outcome, violations, hits } = await playCell(call, fault, 'retry')
  if (every !== null)
    return [
      ...violations,
      ...differs('at the retry', { outcome, twice: hits > 1 }, { outcome: every, twice: true }),
    ]
  const isHonest = /^(?:0$|[^0])/.test(outcome)
  return [
    ...violations,
    ...differs('the number of hits', hits, 2),
    ...(isHonest ? [] : [`exit code 0 where not all was done: ${outcome}`]),
  ]
}

/** Empty: it ends as it should, nothing is violated, and one recovery heals it. */
export async function playWireCase(one: WireCase): Promise<readonly string[]> {
  return await (one.kind === 'table' ? playTable(one) : playRetry(one))
}
