import { fc } from '../properties.ts'
import { crashPoints } from '../../../src/apply/crash-points.ts'
import type { Scope } from '../../../src/model/scope.ts'
import {
  type Apply,
  type Ask,
  type History,
  type KeySettings,
  type PersonStep,
  type PlainApply,
  type Rules,
  type Step,
  storeKinds,
} from './steps.ts'

const one = fc.constantFrom
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true })
/** Mostly the first. */
const mostly = <T>(weight: number, usual: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight, arbitrary: fc.constant(usual) }, other)

const day = 24
const stack = one(0, 0, 0, 1)
const host = one(0, 0, 0, 1, 2)
const nth = fc.nat(5)
const name = one('CI', 'Release', 'Production')
const scope = one<Scope>(
  'all',
  ['customer-support-bot'],
  ['sales-assistant'],
  ['customer-support-bot', 'sales-assistant'],
)
const permissions = one<KeySettings['permissions']>(
  ['*'],
  ['manage_keys', 'read_results'],
  ['read_results'],
  ['read_results', 'upload_results'],
  ['read_scenarios'],
)

const settings: { [K in keyof KeySettings]: fc.Arbitrary<KeySettings[K]> } = {
  name,
  description: one('', 'Nightly simulations'),
  environment: mostly<KeySettings['environment']>(2, 'ci', one(null, 'prod')),
  scope,
  permissions,
  expires: fc.oneof(
    { weight: 3, arbitrary: one<KeySettings['expires']>({ every: 90 * day }, { every: 30 * day }) },
    one<KeySettings['expires']>('never', { until: 20 * day }, { until: 400 * day }, { every: 4 * day }),
  ),
  strategy: mostly<KeySettings['strategy']>(3, 'overlap', one('in-place')),
  maxAge: one(null, 20 * day, 60 * day),
  grace: one(1, 12, 2 * day),
  quiet: one(1, day, 3 * day, 8 * day, 32 * day),
  stores: fc.subarray([...storeKinds], { minLength: 1 }),
  keepRemoved: mostly(4, false, fc.constant(true)),
  protect: mostly(3, false, fc.constant(true)),
  adopt: mostly<string | null>(25, null, one('Mine', 'CI', 'Yours')),
}

/** A change of the configuration is about one or two properties. */
const someSettings: fc.Arbitrary<Partial<KeySettings>> = fc
  .tuple(
    record<KeySettings>(settings),
    fc.subarray(Object.keys(settings) as (keyof KeySettings)[], { minLength: 1, maxLength: 2 }),
  )
  .map(([whole, names]) => Object.fromEntries(names.map(name => [name, whole[name]])) as Partial<KeySettings>)

const copiedKey: fc.Arbitrary<PersonStep> = fc.record(
  { do: one('make' as const), name: one('Mine', 'CI'), like: nth },
  { noNullPrototype: true },
)

const attack: fc.Arbitrary<PersonStep> = fc.record(
  {
    do: one('attack' as const),
    nth,
    how: one('twin', 'high generation', 'past grace', 'unfinished', 'made anew'),
  },
  { noNullPrototype: true },
)

const made: fc.Arbitrary<PersonStep> = fc.record(
  { do: one('make' as const), name: one('Mine', 'Mine', 'Yours', 'Yours', 'CI') },
  { noNullPrototype: true },
)

const personStep: fc.Arbitrary<PersonStep> = fc.oneof(
  {
    weight: 3,
    arbitrary: record<Extract<PersonStep, { do: 'edit' }>>({
      do: one('edit' as const),
      nth,
      to: fc.oneof(
        fc.record({ name: one('Edited', 'CI') }, { noNullPrototype: true }),
        fc.record({ like: nth }, { noNullPrototype: true }),
        fc.record({ scope }, { noNullPrototype: true }),
        fc.record({ permissions }, { noNullPrototype: true }),
        fc.record({ ends: one<number | 'never'>(1, 5 * day, 200 * day, 'never') }, { noNullPrototype: true }),
        fc.record(
          { text: one('rewritten', 'rewritten', 'rewritten', 'marker wiped', 'marker garbled') },
          { noNullPrototype: true },
        ),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record(
      { do: one('regenerate' as const, 'delete' as const, 'delete head' as const), nth },
      { noNullPrototype: true },
    ),
  },
  made,
  copiedKey,
  attack,
)

const ask = record<Ask>({
  rotate: mostly<Ask['rotate']>(
    5,
    null,
    record<NonNullable<Ask['rotate']>>({ nth, leaked: mostly(2, false, fc.constant(true)) }),
  ),
  takeOver: mostly(4, false, fc.constant(true)),
  inUse: mostly<number | null>(6, null, nth),
  unlimited: mostly(2, true, fc.constant(false)),
  only: mostly<number | null>(8, null, nth),
})

const plain = { do: one('apply' as const), stack, host, as: mostly<number | null>(3, null, nth), ask }

const apply = record<Apply>({
  ...plain,
  kill: mostly<Apply['kill']>(
    2,
    null,
    record<NonNullable<Apply['kill']>>({ at: one(...crashPoints), count: fc.integer({ min: 1, max: 3 }) }),
  ),
  locked: mostly<Apply['locked']>(
    7,
    null,
    record<NonNullable<Apply['locked']>>({ store: one(...storeKinds), by: one('probe', 'put') }),
  ),
  meanwhile: mostly<Apply['meanwhile']>(
    6,
    null,
    record<NonNullable<Apply['meanwhile']>>({
      request: fc.integer({ min: 2, max: 14 }),
      step: fc.oneof<[fc.Arbitrary<PersonStep>, fc.Arbitrary<PlainApply>]>(
        personStep,
        record<PlainApply>(plain),
      ),
    }),
  ),
  parallelism: one(1, 10),
})

const rules = record<Rules>({
  removed: one('revoke', 'revoke', 'retain'),
  unmanaged: one('report', 'report', 'ignore', 'revoke'),
  unused: mostly<Rules['unused']>(
    3,
    null,
    record<NonNullable<Rules['unused']>>({ hours: one(5 * day, 40 * day), action: one('report', 'revoke') }),
  ),
  keep: one<readonly string[]>([], ['Mine'], ['Y*']),
  always: one(2, 2, 0, 10),
})

/** Key ids by stack; names may collide. */
export const keyIds = [
  ['a', 'b', 'c', 'd'],
  ['m', 'n'],
] as const

const declare = (which: number): fc.Arbitrary<Step> =>
  fc.record(
    {
      do: one('declare' as const),
      stack: fc.constant(which),
      key: one<string>(...(keyIds[which] ?? [])),
      settings: record<KeySettings>(settings),
    },
    { noNullPrototype: true },
  )

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: apply },
  {
    weight: 5,
    arbitrary: fc.record(
      {
        do: one('wait' as const),
        hours: one(1, 6, day, 2 * day, 3 * day, 11 * day, 25 * day, 61 * day, 61 * day, 100 * day),
        calling: fc.boolean(),
      },
      { noNullPrototype: true },
    ),
  },
  {
    weight: 2,
    arbitrary: one<Step>(
      { do: 'wait', hours: 2 * day, calling: true, rhythm: 12 },
      { do: 'wait', hours: 21 * day, calling: true, rhythm: 7 * day },
      { do: 'wait', hours: 61 * day, calling: true, rhythm: 7 * day },
      { do: 'wait', hours: 62 * day, calling: true, rhythm: 31 * day },
    ),
  },
  { weight: 1, arbitrary: one<Step>({ do: 'backup' }, { do: 'restore' }, { do: 'verify' }) },
  { weight: 3, arbitrary: personStep },
  {
    weight: 2,
    arbitrary: fc.record({ do: one('call' as const, 'call again' as const) }, { noNullPrototype: true }),
  },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        do: one('change' as const),
        stack,
        nth,
        settings: someSettings,
      },
      { noNullPrototype: true },
    ),
  },
  { weight: 2, arbitrary: fc.oneof(declare(0), declare(0), declare(1)) },
  {
    weight: 1,
    arbitrary: fc.record(
      { do: one('remove' as const, 'remove' as const, 'rename' as const), stack, nth },
      { noNullPrototype: true },
    ),
  },
  { weight: 1, arbitrary: fc.record({ do: one('rules' as const), stack, rules }, { noNullPrototype: true }) },
  {
    weight: 1,
    arbitrary: fc.oneof<fc.Arbitrary<Step>[]>(
      fc.record(
        { do: one('rename stack' as const), stack, forgets: one(false, false, true) },
        { noNullPrototype: true },
      ),
      fc.record({ do: one('remember' as const), stack }, { noNullPrototype: true }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      { do: one('jump' as const), minutes: one(-60, -5, -1, 20, 60 * day) },
      { noNullPrototype: true },
    ),
  },
)

/** Begins with a few declarations, mostly, and goes on with anything. */
export const anyHistory: fc.Arbitrary<History> = fc
  .record(
    {
      tick: one(137, 0, 20_000),
      dateless: mostly<History['dateless']>(9, null, fc.tuple(one(0, -10, 10), one(0, -10, 10))),
      first: fc.array<Step>(
        fc.oneof({ weight: 4, arbitrary: declare(0) }, { weight: 2, arbitrary: declare(1) }, made),
        {
          minLength: 1,
          maxLength: 5,
          size: 'max',
        },
      ),
      rest: fc.array(step, { minLength: 6, maxLength: 28, size: 'max' }),
    },
    { noNullPrototype: true },
  )
  .map(({ first, rest, ...how }) => ({ ...how, steps: [...first, ...rest] }))
