import { day, hour } from '../../src/model/duration.ts'
import type { LiveKey } from '../../src/model/live-key.ts'
import { Secret } from '../../src/model/secret.ts'
import {
  type Capability,
  type CapabilityName,
  type Feature,
  capabilities,
  features,
} from '../../src/platform/capabilities.ts'
import type { Ran } from './context.ts'
import { newKey } from './platform-calls.ts'
import { type Stage, type StageTest, stage } from './stage.ts'
import type { Variant } from './variant-proxy.ts'

/** How each feature went, and what was said. */
export interface Story {
  readonly features: ReadonlyMap<Feature, { readonly worked: boolean; readonly said: string }>
  /** Every key that was to go went at last, where somebody said that it may. */
  readonly isLetGo: boolean
  /** The key that every step called with is still there. */
  readonly callerLives: boolean
  /** Every line that was printed, in which nothing is random. */
  readonly lines: readonly string[]
}

/** The run is no more. */
class Killed extends Error {}

interface Declared {
  readonly permissions?: string
  readonly more?: string
  readonly prune?: string
}

function configuration({
  permissions = '[read_scenarios, upload_results]',
  more = '',
  prune = '',
}: Declared) {
  return `
version: 1
stack: acme
defaults:
  expires: 90d
  rotate: { maxAge: 60d, strategy: overlap, grace: 48h, quiet: 24h }
limits: { revoke: 100%, rotate: 100% }
${prune}
keys:
  agents: { name: Agents, environment: ci, scope: all, permissions: ${permissions}, store: { env-file: { path: agents.env, name: KEY } } }
${more}`
}

const job = `  job: { name: Job, scope: [customer-support-bot], permissions: [read_scenarios], expires: never, rotate: { maxAge: never }, store: { env-file: { path: job.env, name: KEY } } }\n`
const inPlace = `  batch: { name: Batch, scope: all, permissions: [read_scenarios], expires: never, rotate: { maxAge: never, strategy: in-place }, store: { env-file: { path: batch.env, name: KEY } } }\n`

const file = 'fluxloop-keys.yaml'
const applying = 'apply --auto-approve'
const words = (ran: Ran) => (ran.out() + ran.err()).replaceAll(/\s+/g, ' ')

/** What a command printed, without what is random or of this machine. */
function steady(ran: Ran, folder: string): string {
  return (ran.out() + ran.err())
    .replaceAll(folder, '~')
    .replaceAll(/key_\w{12}/g, 'key_ID')
    .replaceAll(/\*\.\.\.\w+/g, '*...END')
}

function lines(story: ReadonlyMap<Feature, { readonly said: string }>): readonly string[] {
  const all = [...story.values()].flatMap(({ said }) => said.split('\n').map(line => line.trim()))
  return [...new Set(all.filter(line => line !== ''))]
}

function markedAs(live: LiveKey, keyId: string): boolean {
  return live.ownership.kind === 'managed' && live.ownership.marker.keyId === keyId
}

/** A life of keys on a platform with differences, step by step; what does not work is noted, and the story goes on. */
export async function lifecycleStory(t: StageTest, variants: readonly Variant[]): Promise<Story> {
  const s = stage(t, { [file]: configuration({}) }, variants)
  const [caller] = await s.live()
  const isLetGo: boolean[] = []
  const story = new Map<Feature, { worked: boolean; said: string }>()
  const note = (feature: Feature, worked: boolean, ...runs: readonly Ran[]) =>
    story.set(feature, { worked, said: runs.map(ran => steady(ran, s.folder)).join('\n') })
  const generations = async (keyId: string) => (await s.live()).filter(live => markedAs(live, keyId))
  const works = (store: string) => storedSecretWorks(s, store)
  const declare = (declared: Declared) => s.write(file, configuration(declared))

  const planned = await s.run('plan')
  note('plan', planned.code === 0, planned)

  const created = await s.run(applying)
  note('create', created.code === 0 && (await works('agents.env')), created)

  await declare({ permissions: '[read_scenarios]' })
  const updated = await s.run(applying)
  const [narrowed] = await generations('agents')
  note('update', updated.code === 0 && narrowed?.permissions.join() === 'read_scenarios', updated)

  await s.client.create({ ...newKey, name: 'Legacy' }, 'legacy')
  const legacy = (await s.live()).find(({ name }) => name === 'Legacy')
  const more = `  legacy: { name: Legacy, scope: all, permissions: [read_scenarios], expires: never, adopt: ${legacy?.id ?? ''} }\n`
  await declare({ permissions: '[read_scenarios]', more: job + inPlace + more })
  const adopted = await s.run(applying)
  note('adopt', adopted.code === 0 && (await generations('legacy')).length === 1, adopted)

  s.now += 61 * day
  const rotated = await s.run(applying)
  const both = await generations('agents')
  note('rotate', both.length === 2 && (await works('agents.env')), rotated)
  const replaced = await s.run('rotate batch --auto-approve')
  const batch = (await generations('batch')).filter(
    ({ ownership }) => ownership.kind === 'managed' && ownership.marker.generation === 2,
  )
  note('rotate in place', batch.length === 1 && (await works('batch.env')), replaced)

  s.now += 3 * day
  const first = await s.run(applying)
  note('revoke', first.code === 0 && (await generations('agents')).length === 1, first)
  await s.run(`${applying} --revoke-in-use agents --revoke-in-use batch`)
  isLetGo.push((await generations('agents')).length === 1)

  const healed = await killAndHeal(s)
  note('heal', healed.code === 0 && (await works('agents.env')), healed)

  await s.client.create({ ...newKey, name: 'Stray' }, 'stray')
  s.now += 2 * day
  await declare({
    permissions: '[read_scenarios]',
    more: more + inPlace,
    prune: 'prune: { unmanaged: revoke }',
  })
  const pruned = await s.run(applying)
  const isGone = async () =>
    (await generations('job')).length === 0 && !(await s.live()).some(({ name }) => name === 'Stray')
  note('prune', pruned.code === 0 && (await isGone()), pruned)
  const stray = (await s.live()).find(({ name }) => name === 'Stray')?.id ?? 'none'
  await s.run(`${applying} --revoke-in-use job --revoke-in-use ${stray}`)
  isLetGo.push(await isGone())

  const audited = await s.run('audit')
  note('audit', words(audited).includes('keys clean'), audited)
  const listed = await s.run('apikeys list')
  const shown = await s.run('apikeys show Legacy')
  note('apikeys', listed.code === 0 && shown.code === 0, listed, shown)

  const alive = (await s.live()).some(({ id }) => id === caller?.id)
  return { features: story, isLetGo: isLetGo.every(Boolean), callerLives: alive, lines: lines(story) }
}

async function storedSecretWorks(s: Stage, store: string): Promise<boolean> {
  const text = await s.read(store).catch(() => '')
  const value = /KEY="?(flux_\w+)/.exec(text)?.[1]
  if (value === undefined) return false
  const secret = new Secret(value)
  return await s.client.whoamiAs(secret, { maskedKey: `****...${secret.end(5)}` }).then(
    who => who?.key != null,
    () => false,
  )
}

/** A rotation is killed once its key is made: nobody has its secret. The next run delivers one that works. */
async function killAndHeal(s: Stage): Promise<Ran> {
  s.now += 61 * day
  const checkpoint = (name: string) => {
    if (name === 'after-create') throw new Killed()
  }
  await s.run(`${applying} --only agents`, { with: { checkpoint } }).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error
  })
  s.now += hour
  return await s.run(`${applying} --only agents`)
}

/** How a story on a platform that lacks these is not as the table of docs/platform.md says; empty where it is. */
export function faultsOf(lacking: readonly CapabilityName[], story: Story): readonly string[] {
  const effects = lacking.map((name): Capability['effects'] => capabilities[name].effects)
  const of = (feature: Feature) => effects.map(each => each[feature]?.works ?? 'as usual')
  const isManaged = !features.some(feature => of(feature).includes('no'))
  return [
    ...features.flatMap(feature => {
      const works = of(feature)
      const expected = !works.includes('held') && !works.includes('no')
      const { worked, said } = story.features.get(feature) ?? { worked: false, said: '' }
      return worked === expected
        ? []
        : [`${feature} ${worked ? 'works' : 'does not work'} (${works.join()}):\n${said}`]
    }),
    ...(story.callerLives ? [] : ['the calling key was ended']),
    ...(isManaged && !story.isLetGo ? ['a key that was to go did not, where somebody let it'] : []),
  ]
}
