import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Ended, type Workplace, asUsersDo, ended, workplace } from '../../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../../support/served-platform.ts'
import { writeDescription } from '../../../src/platform/marker.ts'
import { marker } from '../../support/build.ts'
import type { Replay } from './scenes.ts'

const storeFiles = ['agents.env', 'more.env', 'sealed.txt', 'steady.env']

/** A platform and a folder of one case. */
export interface Stage {
  readonly platform: ServedPlatform
  readonly place: Workplace
  /** The id of the key that a scene may adopt. */
  readonly adopted: string
  run(args: readonly string[], crashAt?: string | null): Promise<Ended>
  /** The secrets that the files of stores hold, by the name of the file; files that hold none are left out. */
  stored(): Promise<ReadonlyMap<string, string>>
  /** The keys that are nobody's and another stack's, byte by byte. */
  untouched(): Promise<string>
  end(): Promise<void>
}

function answering(platform: ServedPlatform, replay: Replay): ServedPlatform['before'] {
  const seen = new Set<string>()
  return async request => {
    const key = request.headers.get('idempotency-key')
    if (request.method !== 'POST' || key === null || replay === 'with the secret') return null
    if (replay === 'none') {
      const headers = new Headers(request.headers)
      headers.delete('idempotency-key')
      return await platform.send(new Request(request, { headers }))
    }
    const answer = await platform.send(request)
    if (!seen.has(key)) {
      seen.add(key)
      return answer
    }
    const rest = { ...((await answer.json()) as Record<string, unknown>), key: undefined }
    return new Response(JSON.stringify(rest), {
      status: answer.status,
      headers: { 'content-type': 'application/json', date: answer.headers.get('date') ?? '' },
    })
  }
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

/** `program`: another build than the usual one. */
export async function openStage(replay: Replay, program: string | null): Promise<Stage> {
  const endings: (() => unknown)[] = []
  const owner = { teardown: (end: () => unknown) => void endings.push(end) }
  const place = await workplace(owner)
  const platform = await servedPlatform(owner)
  platform.before = answering(platform, replay)
  const adopted = await made(platform, 'CI pipeline by hand', 'Made by hand')
  const others = [
    await made(platform, 'By hand', 'Nobody manages it'),
    await made(platform, 'Of another stack', writeDescription('Theirs', marker({ stack: 'another' }))),
  ]
  const command = program === null ? asUsersDo : [...asUsersDo.slice(0, -1), program]
  return {
    platform,
    place,
    adopted,
    run: (args, crashAt = null) =>
      ended(command[0], [...command.slice(1), ...args], {
        cwd: place.work,
        env: {
          ...place.env,
          ...platform.env,
          ...(crashAt === null ? {} : { FLUXLOOP_KEYS_CRASH_AT: crashAt }),
        },
      }),
    stored: async () => {
      const held = await Promise.all(
        storeFiles.map(async name => {
          const text = await place.read(name).catch(() => '')
          return [name, /flux_\w+/.exec(text)?.[0] ?? ''] as const
        }),
      )
      return new Map(held.filter(([, secret]) => secret !== ''))
    },
    untouched: async () =>
      (await Promise.all(others.map(id => call(platform, 'GET', `/api/api-keys/${id}`)))).join('\n'),
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
