import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Ended, type Workplace, workplace } from '../../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../../support/served-platform.ts'
import { writeDescription } from '../../../src/platform/marker-text.ts'
import { marker } from '../../support/build.ts'
import { type Marked, keysOf, orphanFaults } from '../../support/invariants.ts'
import { type Memory, answering } from './answers.ts'
import { remember } from './remember.ts'
import type { Replay } from '../../support/replay.ts'

const storeFiles = ['agents.env', 'more.env', 'sealed.txt', 'steady.env']

/** How a run went. */
export interface Walked extends Ended {
  /** The crash points that it came by, `after-put:2` the second time. */
  readonly places: readonly string[]
}

/** A platform and a folder to work in. */
export interface Stage {
  readonly platform: ServedPlatform
  readonly place: Workplace
  readonly memory: Memory
  /** The id of the key that a scene may adopt. */
  readonly adopted: string
  run(args: readonly string[], crashAt?: string | null): Promise<Walked>
  /** `plan --detailed-exitcode` of the usual build, whatever `run` runs. */
  plan(): Promise<Ended>
  /** The keys of a key id of the stack that the scenes are about, the newest generation first. */
  own(keyId: string): Promise<readonly Marked[]>
  /** What is left over of these key ids, or gone of others. */
  orphans(keyIds: readonly string[]): Promise<readonly string[]>
  /** The secrets that the files of stores hold, by the name of the file; files that hold none are left out. */
  stored(): Promise<ReadonlyMap<string, string>>
  /** The ids of the keys that live before anything is run. */
  readonly others: ReadonlySet<string>
  /** The keys that are nobody's and another stack's, and these ones, byte by byte. */
  untouched(more?: readonly string[]): Promise<string>
  /** What somebody does by hand to the only key of the stack. */
  regenerate(): Promise<void>
  /** Somebody deletes keys by hand. */
  remove(ids: readonly string[]): Promise<void>
  /** Remembers all there is: files, keys, time. Resolves to what puts it back. Nothing may be running. */
  remember(): Promise<() => Promise<void>>
  end(): Promise<void>
}

async function made(platform: ServedPlatform, name: string, description: string): Promise<string> {
  const body = { name, description, scope: '*', permissions: ['read_scenarios'], environment: 'ci' }
  const answer = await call(platform, 'POST', '/api/api-keys', body)
  const { api_key: key } = JSON.parse(answer) as { api_key?: { id: string } }
  if (key === undefined) throw new Error(answer)
  return key.id
}

async function call(platform: ServedPlatform, method: string, path: string, body?: unknown): Promise<string> {
  const headers = {
    authorization: `Bearer ${platform.administrator.reveal()}`,
    'content-type': 'application/json',
  }
  const request = new Request(platform.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return await (await platform.send(request)).text()
}

async function walkedPlaces(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  await rm(file, { force: true })
  const times = new Map<string, number>()
  return text
    .split('\n')
    .filter(name => name !== '')
    .map(name => {
      times.set(name, (times.get(name) ?? 0) + 1)
      return `${name}:${times.get(name)}`
    })
}

/** `program`: another build than the usual one. */
export async function openStage(replay: Replay, program: string | null): Promise<Stage> {
  const endings: (() => unknown)[] = []
  const owner = { teardown: (end: () => unknown) => void endings.push(end) }
  const place = await workplace(owner)
  const own = join(place.root, 'stage')
  await mkdir(own)
  const database = { file: join(own, 'platform.db') }
  const platform = await servedPlatform(owner, { database: database.file })
  const memory: Memory = { seen: new Set(), loses: false }
  platform.before = answering(platform, replay, memory)
  const adopted = await made(platform, 'CI pipeline by hand', 'Made by hand')
  const foreign = [
    await made(platform, 'By hand', 'Nobody manages it'),
    await made(platform, 'Of another stack', writeDescription('Theirs', marker({ stack: 'another' }))),
    await made(platform, 'From a template', writeDescription('A copy', marker({ stack: 'kill-test' }))),
  ]
  const others = new Set((await platform.live()).map(({ id }) => id))
  const walk = join(own, 'checkpoints')
  return {
    platform,
    place,
    memory,
    adopted,
    others,
    run: async (args, crashAt = null) => {
      const end = await place.run(args, {
        ...(program !== null && { program }),
        env: {
          ...platform.env,
          FLUXLOOP_KEYS_CHECKPOINTS: walk,
          ...(crashAt === null ? {} : { FLUXLOOP_KEYS_CRASH_AT: crashAt }),
        },
      })
      return { ...end, places: await walkedPlaces(walk) }
    },
    plan: () => place.run(['plan', '--detailed-exitcode'], { env: platform.env }),
    own: async keyId => keysOf(await platform.managed(), keyId, 'kill-test'),
    orphans: async keyIds => {
      const live = await platform.live()
      return orphanFaults(
        live,
        others,
        keyIds.flatMap(keyId => keysOf(live, keyId, 'kill-test')),
      )
    },
    stored: async () => {
      const held = await Promise.all(
        storeFiles.map(async name => {
          const text = await place.read(name).catch(() => '')
          return [name, /flux_\w+/.exec(text)?.[0] ?? ''] as const
        }),
      )
      return new Map(held.filter(([, secret]) => secret !== ''))
    },
    untouched: async (more = []) => {
      const ids = [...foreign, ...more]
      return (await Promise.all(ids.map(id => call(platform, 'GET', `/api/api-keys/${id}`)))).join('\n')
    },
    regenerate: async () => {
      const own = (await platform.managed()).filter(({ name }) => name === 'CI pipeline')
      for (const { id } of own) await call(platform, 'POST', `/api/api-keys/${id}/regenerate`)
    },
    remove: async ids => {
      for (const id of ids) await call(platform, 'DELETE', `/api/api-keys/${id}`)
    },
    remember: () => remember({ place, platform, memory, database }),
    end: async () => {
      for (const end of endings.reverse()) await end()
    },
  }
}

/** The refusing store refuses while this is there. */
export async function refuse(place: Workplace, does: boolean): Promise<void> {
  if (does) await writeFile(join(place.work, 'refuse'), '')
  else await rm(join(place.work, 'refuse'), { force: true })
}
