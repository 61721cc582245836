// Our own looks at a key hide who used it before: what that may and may not change.
import t, { type Test } from 'tap'
import { day, hour } from '../../src/model/duration.ts'
import { Secret } from '../../src/model/secret.ts'
import { type Stage, stage } from '../support/stage.ts'

const configuration = (keys: string) => `
version: 1
stack: used
defaults: { expires: never, rotate: { maxAge: 300d, quiet: 8d, grace: 1h } }
keys:${keys}
`
const key = (id: string, ...stores: readonly string[]) =>
  `\n  ${id}: { name: ${id}, scope: all, permissions: [read_scenarios], store: [${stores.map(name => `{ env-file: { path: ${id}.env, name: ${name} } }`).join(', ')}] }`

interface Report {
  readonly findings: readonly { readonly rule: string; readonly key: string | null }[]
  readonly not_looked_at: readonly { readonly why: string; readonly rules: readonly string[] }[]
}

async function audited(self: Stage): Promise<Report> {
  return JSON.parse((await self.run('audit --json')).out()) as Report
}

const rulesOf = ({ findings }: Report) =>
  findings.map(({ rule }) => rule).filter(rule => rule === 'never-used-key' || rule === 'unused-key')
const hiddenOf = ({ not_looked_at }: Report) =>
  not_looked_at.filter(({ why }) => why === 'own_look').flatMap(({ rules }) => rules)

/** The job that has the secret in this file. */
async function job(self: Stage, file: string): Promise<void> {
  const text = /flux_\w+/.exec(await self.read(file))?.[0] ?? ''
  await self.client.whoamiAs(new Secret(text), { maskedKey: `****...${text.slice(-5)}` })
}

async function scene(t: Test, keys: string): Promise<Stage> {
  const self = stage(t, { 'fluxloop-keys.yaml': configuration(keys) })
  await self.succeed('apply --auto-approve')
  return self
}

t.test('holds the key of a weekly job that we looked at when a store was added', async t => {
  const self = await scene(t, key('job', 'KEY'))
  const first = (await self.live()).find(({ name }) => name === 'job')
  self.now += day
  await job(self, 'job.env')
  self.now += 2 * day
  await self.write('fluxloop-keys.yaml', configuration(key('job', 'KEY', 'COPY')))
  await self.succeed('apply --auto-approve')
  const look = self.now
  self.now += hour
  await self.succeed('rotate job --auto-approve')
  const lives = async () => (await self.live()).some(({ id }) => id === first?.id)
  self.now += 2 * day
  const { out } = await self.succeed('apply --auto-approve')
  t.match(out(), /held, since it is in use/)
  t.ok(await lives(), 'the job, which comes on day 8, can still work')
  self.now = look + 8 * day - hour
  await self.succeed('apply --auto-approve')
  t.ok(await lives())
  self.now = look + 8 * day
  await self.succeed('apply --auto-approve')
  t.notOk(await lives(), 'the gate opens `quiet` after our look')
})

t.test('tells a key that nobody ever used, though we looked at it before its delivery', async t => {
  const self = await scene(t, `${key('a', 'KEY')}${key('b', 'KEY')}`)
  self.now += 40 * day
  t.strictSame(rulesOf(await audited(self)), ['never-used-key', 'never-used-key'])
  await self.succeed('verify')
  t.strictSame(rulesOf(await audited(self)), ['never-used-key', 'never-used-key'], 'verify hides nothing')
  self.now += 60 * day
  await self.succeed('rotate a --auto-approve')
  self.now += 2 * hour
  const { out } = await self.succeed('apply --auto-approve')
  t.match(out(), /1 to revoke/, 'a key that nobody used goes after its grace')
})

t.test('says that it cannot tell who uses a key that was proved, until that is unused itself', async t => {
  const self = await scene(t, key('a', 'KEY'))
  self.now += 40 * day
  await self.succeed('verify --prove')
  const hidden = await audited(self)
  t.strictSame(rulesOf(hidden), [])
  t.ok(hiddenOf(hidden).includes('never-used-key'), 'not taken for used')
  t.match((await self.run('audit')).out(), /this program looked at the key last/)
  self.now += 89 * day
  t.ok(hiddenOf(await audited(self)).includes('unused-key'))
  self.now += day
  t.strictSame(rulesOf(await audited(self)), ['unused-key'], 'unused counts from our look')
  await job(self, 'a.env')
  const used = await audited(self)
  t.strictSame([rulesOf(used), hiddenOf(used)], [[], []])
})
