// What `apikeys delete` says of a managed key, and what the plan after it does.
import t, { type Test } from 'tap'
import { day, hour, minute } from '../../src/model/duration.ts'
import { newKey } from '../support/platform-calls.ts'
import { type Stage, stage } from '../support/stage.ts'

const file = 'fluxloop-keys.yaml'
const key = (id: string, more = '') =>
  `  ${id}: { name: ${id}, scope: all, permissions: [read_scenarios], store: { env-file: { path: a.env, name: ${id} } }${more} }\n`
const configuration = (keys: string, more = '') => `version: 1
stack: acme
defaults: { expires: 90d, rotate: { maxAge: 60d, grace: 48h, quiet: 24h } }
limits: { revoke: 100%, rotate: 100% }
${more}
keys:${keys === '' ? ' {}' : `\n${keys}`}`

interface Row {
  /** After the first apply of one key `a`. */
  readonly before?: (self: Stage) => Promise<void>
  readonly deletes?: (self: Stage) => Promise<string>
  readonly says: RegExp
  /** `action key` of the plan that follows, and the codes of what it holds back. */
  readonly does: readonly string[]
}

const declares = (keys: string, more?: string) => (self: Stage) => self.write(file, configuration(keys, more))
const newest = async (self: Stage) => {
  const own = (await self.live()).filter(({ ownership }) => ownership.kind === 'managed')
  return own.toSorted((a, b) => b.createdAt - a.createdAt)[0]?.id ?? ''
}
const rotated = async (self: Stage) => {
  self.now += hour
  await self.succeed('rotate a --auto-approve')
  self.now += 20 * minute
}
const adopting = (reference: string) => async (self: Stage) => {
  await self.write(file, configuration(key('a') + key('old', `, adopt: ${reference}`)))
  await self.succeed('apply --auto-approve')
}
const byHand = async (self: Stage) =>
  (await self.client.create({ ...newKey, name: 'old', marker: null }, `by-hand-${self.now}`)).key.id

const rows: Readonly<Record<string, Row>> = {
  'declared, and nothing else lives': {
    says: /declared in fluxloop-keys\.yaml:\d+: the next plan will create it again/,
    does: ['create a'],
  },
  'the head, and its predecessor lives': {
    before: rotated,
    says: /the next plan will replace key_\w+, which had retired for it, by a new key/,
    does: ['rotate a'],
  },
  'a predecessor of a head that lives': {
    before: rotated,
    deletes: async self => (await self.live()).find(live => live.name === 'a')?.id ?? '',
    says: /not the one at work, so the next plan goes on without it/,
    does: [],
  },
  'the only one, and it was never delivered': {
    before: async self => {
      await self.client.revoke(await newest(self), { ifMatch: null })
      await self.run('apply --auto-approve', { with: { checkpoint: killedAfterCreate } })
    },
    says: /the next plan will create it again/,
    does: ['create a'],
  },
  'adopted by its id': {
    before: async self => adopting(await byHand(self))(self),
    deletes: async () => 'old',
    says: /"adopt: key_\w+", which names no other key: the next plan holds it back/,
    does: ['hold cannot-adopt'],
  },
  'adopted by its name': {
    before: async self => {
      await byHand(self)
      await adopting('old')(self)
    },
    deletes: async () => 'old',
    says: /"adopt: old", which names no other key: the next plan holds it back/,
    does: ['hold cannot-adopt'],
  },
  'an unmanaged key has its name': {
    before: async self => {
      await self.client.create({ ...newKey, name: 'a', marker: null }, 'the-same-name')
    },
    deletes: newest,
    says: /key_\w+ has its name and is not managed, so the next plan holds it back/,
    does: ['hold name-taken'],
  },
  'to be renamed': {
    before: declares(key('b', ', previously: a')),
    says: /declared in fluxloop-keys\.yaml:\d+: the next plan will create it again/,
    does: ['create b'],
  },
  'of a stack that is to be renamed': {
    before: async self =>
      self.write(file, configuration(key('a'), 'formerly: [acme]').replace('stack: acme', 'stack: renamed')),
    says: /declared in fluxloop-keys\.yaml:\d+: the next plan will create it again/,
    does: ['create a'],
  },
  'its date is past': {
    before: declares(key('a', ', expires: 2026-11-20')),
    says: /ended on 2026-11-20, as declared: the next plan makes no other/,
    does: [],
  },
  'not declared any more': {
    before: declares(key('other')),
    says: /No configuration declares it any more: the next plan would revoke it anyway/,
    does: ['create other'],
  },
  'not declared any more, and retained': {
    before: declares(key('other'), 'prune: { removed: retain }'),
    says: /No configuration declares it any more: the next plan would release it/,
    does: ['create other'],
  },
  'not declared any more, and protected': {
    before: async self => {
      await self.write(file, configuration(key('a', ', protect: true')))
      await self.succeed('apply --auto-approve')
      await self.write(file, configuration(key('other')))
    },
    says: /No configuration declares it any more, but it is protected: no plan would revoke it/,
    does: ['create other'],
  },
  'no configuration is at hand': {
    before: async self => self.write(file, configuration(key('a')).replace('stack: acme', 'stack: another')),
    says: /Where the configuration of acme still declares it, the next plan will create it again/,
    does: ['create a'],
  },
}

function killedAfterCreate(point: string): void {
  if (point === 'after-create') throw new Error('killed')
}

async function planned(self: Stage): Promise<readonly string[]> {
  const plan = JSON.parse((await self.run('plan --json')).out()) as {
    readonly changes: readonly { readonly action: string; readonly key: string }[]
    readonly findings: readonly { readonly severity: string; readonly code: string }[]
  }
  return [
    ...plan.changes.map(({ action, key: keyId }) => `${action} ${keyId}`),
    ...plan.findings.flatMap(({ severity, code }) => (severity === 'held' ? [`hold ${code}`] : [])),
  ]
}

for (const [title, { before, deletes, says, does }] of Object.entries(rows)) {
  t.test(`says what the next plan does without a key: ${title}`, async (t: Test) => {
    const self = stage(t, { [file]: configuration(key('a')) })
    await self.succeed('apply --auto-approve')
    self.now += day
    await before?.(self)
    const reference = await (deletes ?? newest)(self)
    const { err } = await self.succeed(`apikeys delete ${reference} --force`)
    t.match(err().replaceAll(/\s+/g, ' '), says)
    t.strictSame(await planned(self), does)
  })
}
