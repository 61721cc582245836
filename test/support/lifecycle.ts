// Every state of a key's life, and everything that can happen to it, as configurations and platforms to plan with.
import { day, hour, minute, type Instant, type Milliseconds } from '../../src/model/duration.ts'
import type { DesiredKey, DesiredState } from '../../src/model/desired.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import type { Plan } from '../../src/model/change.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import type { PlanOptions } from '../../src/plan/input.ts'
import { applied } from './apply-model.ts'
import {
  currentState,
  desiredKey,
  desiredState,
  liveKey,
  managedKey,
  marker,
  nothing,
  now,
  options,
  otherHost,
  pruneRules,
  retiringFor,
  stack,
  thisHost,
  unknownUse,
  usedAt,
} from './build.ts'
import { other } from './plan-of.ts'

/** A configuration, and a platform on which one key is the subject of the story. */
interface Situation {
  readonly declared: DesiredKey | null
  readonly removed: DesiredState['prune']['removed']
  /** Null: there is none. */
  readonly subject: LiveKey | null
  readonly kin: readonly LiveKey[]
  readonly at: Instant
  readonly options: Partial<PlanOptions>
}

const id = 'key_subject'
const key = desiredKey()
const here = { host: thisHost }
const own = (live: Partial<LiveKey> = {}) => managedKey(key, { marked: here, live: { id, ...live } })
const successor = (overrides: Parameters<typeof managedKey>[1] = {}) =>
  managedKey(key, { generation: 2, marked: here, ...overrides })
const over = { createdAt: now - 91 * day, expiresAt: now - day, status: 'expired' } as const
const delivered = (at: Instant) => ({ kind: 'delivered', visibleEnd: '2mark', at }) as const
const until = (at: Instant) =>
  successor({
    state: delivered(at),
    live: { id: successorId, maskedKey: 'flux_ci_****...2mark', createdAt: at },
  })
const successorId = 'key_successor'
/** It was replaced that long ago. */
const replaced = (ago: Milliseconds, live: Partial<LiveKey> = {}) =>
  managedKey(key, { state: retiringFor(successorId, ago), marked: here, live: { id, ...live } })

function situation(subject: LiveKey | null, rest: Partial<Situation> = {}): Situation {
  const base = { declared: key, removed: 'revoke', subject, kin: [], at: now } as const
  return { ...base, options: { localKeys: new Set(['ci-pipeline', 'other']) }, ...rest }
}

export const states = {
  absent: situation(null),
  pending: situation(
    managedKey(key, { state: { kind: 'pending' }, marked: here, live: { id, createdAt: now - minute } }),
  ),
  'pending, of another host': situation(
    managedKey(key, {
      state: { kind: 'pending' },
      marked: { host: otherHost },
      live: { id, createdAt: now - minute },
    }),
    { options: {} },
  ),
  delivered: situation(own()),
  stale: situation(
    managedKey(key, {
      state: { ...delivered(now - 9 * day), visibleEnd: 'other' },
      marked: here,
      live: { id },
    }),
  ),
  expired: situation(own(over)),
  'several delivered': situation(own(), {
    kin: [until(now - day)],
    options: { signed: nothing, held: new Map([['ci-pipeline', new Set([successorId])]]) },
  }),
  'several delivered, none proven': situation(own(), {
    kin: [until(now - day)],
    options: { signed: nothing },
  }),
  'retiring, successor pending': situation(replaced(minute), {
    kin: [successor({ state: { kind: 'pending' }, live: { id: successorId, createdAt: now - minute } })],
  }),
  'retiring, in grace': situation(replaced(day), { kin: [until(now - day)] }),
  'retiring, grace over': situation(replaced(3 * day), { kin: [until(now - 3 * day)] }),
  'retiring, in use': situation(replaced(3 * day, { lastUse: usedAt(now - hour) }), {
    kin: [until(now - 3 * day)],
  }),
  'retiring, successor just gone': situation(replaced(minute)),
  'retiring, successor gone': situation(replaced(day)),
  'retiring, successor without a marker, proven': situation(replaced(day), {
    kin: [liveKey({ id: successorId, environment: 'ci' })],
    options: { held: new Map([['ci-pipeline', new Set([successorId])]]) },
  }),
  'retiring, successor without a marker': situation(replaced(day), {
    kin: [liveKey({ id: successorId, environment: 'ci' })],
    options: { signed: nothing },
  }),
  external: situation(managedKey(key, { state: { kind: 'external' }, marked: { stores: [] }, live: { id } })),
  leaked: situation(managedKey(key, { state: { kind: 'leaked' }, marked: here, live: { id } })),
  undeclared: situation(own(), { declared: null }),
  protected: situation(managedKey(key, { marked: { ...here, protected: true }, live: { id } }), {
    declared: null,
  }),
  released: situation(managedKey(key, { state: { kind: 'released', at: now - day }, live: { id } }), {
    declared: null,
  }),
  unmanaged: situation(liveKey({ id }), { declared: null }),
  copied: situation(liveKey({ id, ownership: { kind: 'copied', marker: marker() } }), {
    kin: [successor()],
  }),
  foreign: situation(
    liveKey({ id, ownership: { kind: 'managed', marker: marker({ stack: 'another-team' }) } }),
    { declared: null },
  ),
  unreadable: situation(liveKey({ id, ownership: { kind: 'unreadable', text: '[fk1 ...]' } }), {
    declared: null,
  }),
} as const satisfies Readonly<Record<string, Situation>>

/** What each state means, in a sentence. */
export const meanings = {
  absent: 'Declared, and no live key has its key id.',
  pending: 'Made here a minute ago; its secret is not yet in all its stores.',
  'pending, of another host': 'The same, made by another machine.',
  delivered: 'Its secret is in all its stores; nobody uses it at the moment.',
  stale: 'Its secret was replaced behind our back, so that its stores hold a dead one.',
  expired: 'It was delivered, and its time is over.',
  'several delivered': 'Another key of its key id says so, too, and a store has the secret of that one.',
  'several delivered, none proven': 'The same, and no store tells which of them it has.',
  'retiring, successor pending': 'Its successor was made a minute ago, and is not yet in all its stores.',
  'retiring, in grace': 'Its successor was delivered yesterday; its grace is two days.',
  'retiring, grace over': 'Its grace is over, and nobody uses it.',
  'retiring, in use': 'Its grace is over, and somebody used it an hour ago.',
  'retiring, successor just gone': 'It was marked a minute ago, and the key that it names is gone.',
  'retiring, successor gone': 'It was marked yesterday, and the key that it names was deleted.',
  'retiring, successor without a marker, proven':
    'Somebody edited the description of its successor; a store has the secret of that key.',
  'retiring, successor without a marker': 'The same, and no store tells.',
  external: 'Adopted: others hold its secret.',
  leaked: 'Somebody said that others know its secret, and no successor is delivered yet.',
  undeclared: 'Delivered, and the configuration does not declare it any more.',
  protected: 'The same, and it was declared with `protect: true`.',
  released: 'Given up by `prune.removed: retain`, for another stack to adopt.',
  unmanaged: "Nobody's: made by hand, with no marker. `prune.unmanaged` is `report`.",
  copied: 'Unmanaged, with the marker of another key in its description.',
  foreign: "Another stack's.",
  unreadable: 'Its marker was edited, cut, or written by a newer version.',
} as const satisfies Readonly<Record<keyof typeof states, string>>

export type State = keyof typeof states

const changed =
  (change: Partial<LiveKey>) =>
  (situation: Situation): Situation => ({
    ...situation,
    subject: situation.subject === null ? null : { ...situation.subject, ...change },
  })

const later =
  (length: number) =>
  (situation: Situation): Situation => ({ ...situation, at: situation.at + length })

const declaredAs =
  (change: Partial<DesiredKey>) =>
  (situation: Situation): Situation => ({ ...situation, declared: { ...key, ...change } })

const asked =
  (leaked: boolean) =>
  (situation: Situation): Situation => {
    const rotate = new Map(
      situation.declared === null ? [] : [['ci-pipeline', { leaked, note: null }] as const],
    )
    return { ...situation, options: { ...situation.options, rotate } }
  }

export const events = {
  nothing: situation => situation,
  '20 minutes pass': later(20 * minute),
  '3 days pass': later(3 * day),
  '61 days pass': later(61 * day),
  'it is used': changed({ lastUse: usedAt(now - minute) }),
  'its use is unknown': changed({ lastUse: unknownUse }),
  'it expires': changed(over),
  'its name is edited in the web page': changed({ name: 'Edited' }),
  'it is regenerated in the web page': changed({
    maskedKey: 'flux_ci_****...fresh',
    regeneratedAt: now - 5 * minute,
    expiresAt: now - 5 * minute + 90 * day,
    status: 'active',
  }),
  'it is deleted in the web page': situation => ({ ...situation, subject: null }),
  'its marker is deleted in the web page': changed({ ownership: { kind: 'unmanaged' } }),
  'its marker is damaged in the web page': changed({ ownership: { kind: 'unreadable', text: '[fk1' } }),
  'it leaves the configuration': situation => ({ ...situation, declared: null }),
  'it leaves with `removed: retain`': situation => ({ ...situation, declared: null, removed: 'retain' }),
  'it is declared': declaredAs({}),
  'it is declared with `adopt:`': declaredAs({ adopt: id }),
  'it is declared with `protect: true`': declaredAs({ protect: true }),
  'it is declared with fewer permissions': declaredAs({ permissions: ['read_scenarios'] }),
  'it is declared with more permissions': declaredAs({ permissions: ['*'] }),
  'the same, and nothing proves that it is ours': situation => ({
    ...situation,
    declared: { ...key, permissions: ['*'] },
    options: { ...situation.options, signed: nothing, held: new Map() },
  }),
  'it is declared for another environment': declaredAs({ environment: 'prod' }),
  '`rotate` asks for it': asked(false),
  '`rotate --now` asks for it': asked(true),
  'another host plans': situation => ({
    ...situation,
    options: { ...situation.options, host: 'abcdef01', localKeys: new Set(['ci-pipeline']) },
  }),
} as const satisfies Readonly<Record<string, (situation: Situation) => Situation>>

export type Event = keyof typeof events

function worldOf({ declared, removed, subject, kin, options: chosen }: Situation) {
  const keys = [...(subject === null ? [] : [subject]), ...kin, managedKey(other, { marked: here })]
  const desired = desiredState([...(declared === null ? [] : [declared]), other], {
    prune: { ...pruneRules, removed },
    limits: { revoke: 1, rotate: 1, always: 100 },
  })
  return { desired, current: currentState(keys), options: options(chosen) }
}

const isOther = ({ keyId }: { readonly keyId: string }) => keyId === 'other'

const verbs = { refusal: 'refuse', held: 'hold', warning: 'warn' } as const

/** What a plan says of the subject and its kin, in its own words. */
function said(plan: Plan): string {
  const words = [
    ...plan.changes.flatMap(change => (isOther(change) ? [] : [change.kind])),
    ...plan.retiring.map(({ wait }) => `wait (${wait.code})`),
    ...plan.unmanaged.map(() => 'show'),
    ...plan.findings.flatMap(finding => {
      if ('keyId' in finding && finding.keyId === 'other') return []
      return [`${verbs[finding.severity]} (${finding.code})`]
    }),
  ]
  return words.length === 0 ? 'nothing' : [...new Set(words)].join(', ')
}

/** What the subject is on the platform, or what is there in its place. */
function standing(keys: readonly LiveKey[]): string {
  const subject = keys.find(live => live.id === id)
  if (subject === undefined) return keys.some(live => live.id.startsWith('key_new_')) ? 'a new key' : 'no key'
  const { ownership } = subject
  if (ownership.kind !== 'managed') return ownership.kind
  const { state, stack: owner } = ownership.marker
  if (owner !== stack) return 'foreign'
  if (state.kind === 'released') return state.kind
  return state.kind
}

/** What a plan says once the event happened, and what the key is after its apply. */
export function cell(state: State, event: Event): string {
  const after = events[event](states[state])
  const world = worldOf(after)
  const plan = computePlan(world.desired, world.current, after.at, world.options)
  const refused = plan.findings.some(({ severity }) => severity === 'refusal')
  const left = refused ? world.current.keys : applied(plan, world, true)
  return `${said(plan)} → ${left === null ? 'apply fails' : standing(left)}`
}
