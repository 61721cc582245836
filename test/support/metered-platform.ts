import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { openWire } from '../faults/support/wire.ts'
import type { SharedClock } from './shared-clock.ts'

/** One request of the administrator's key, as the platform answered it. */
interface Metered {
  readonly status: number
  /** The end of the window that it fell into, in seconds since 1970. */
  readonly window: number
}

/** The built program's own sandbox, in a process of its own, behind a meter. */
export interface MeteredPlatform {
  readonly env: { readonly FLUXLOOP_API_URL: string; readonly FLUXLOOP_API_KEY: string }
  /** In the order of the answers. */
  readonly metered: readonly Metered[]
  /** Happens before a request of the administrator's key goes on its way; the second is how many did before it. */
  before: (request: Request, earlier: number) => Promise<unknown>
  /** Makes requests as another program with the administrator's key would, until one is refused. Resolves to how many were granted. */
  useUp(): Promise<number>
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new TypeError('no output')
  const [line] = (await once(createInterface({ input: stdout }), 'line')) as [string]
  return line
}

export async function meteredPlatform(
  t: Pick<Test, 'teardown'>,
  clock: SharedClock,
  limit: string,
): Promise<MeteredPlatform> {
  const [command, ...args] = clock.program
  const child = spawn(command, [...args, 'sandbox', '--port', '0', '--json', '--rate-limit', limit], {
    env: { PATH: process.env['PATH'], ...clock.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => void child.kill('SIGINT'))
  const { url, api_key: key } = JSON.parse(await firstLine(child)) as { url: string; api_key: string }

  const authorization = `Bearer ${key}`
  const metered: Metered[] = []
  let seen = 0
  const send = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url)
    const answer = await fetch(new Request(`${url}${pathname}${search}`, request))
    if (request.headers.get('authorization') === authorization)
      metered.push({ status: answer.status, window: Number(answer.headers.get('x-ratelimit-reset')) })
    return answer
  }
  const wire = await openWire(async request => {
    if (request.headers.get('authorization') === authorization) await platform.before(request, seen++)
    return await send(request)
  })
  t.teardown(() => wire.close())

  const platform: MeteredPlatform = {
    env: { FLUXLOOP_API_URL: wire.url, FLUXLOOP_API_KEY: key },
    metered,
    before: async () => undefined,
    useUp: async () => {
      for (let granted = 0; ; granted += 1) {
        const answer = await fetch(`${url}/api/auth/whoami`, { headers: { authorization } })
        await answer.arrayBuffer()
        if (!answer.ok) return granted
      }
    },
  }
  return platform
}
