import type { ServedPlatform } from '../../support/served-platform.ts'
import type { Replay } from './scenes.ts'

/** What a platform remembers of the requests that it has answered. */
export interface Memory {
  readonly seen: Set<string>
  /** Is an answer to be lost once it is carried out? The next one is. */
  loses: boolean
}

function lost(): Response {
  return new Response('{"detail":"Bad gateway"}', {
    status: 502,
    headers: { 'content-type': 'application/json' },
  })
}

async function withoutSecret(answer: Response): Promise<Response> {
  const rest = { ...((await answer.json()) as Record<string, unknown>), key: undefined }
  return new Response(JSON.stringify(rest), {
    status: answer.status,
    headers: { 'content-type': 'application/json', date: answer.headers.get('date') ?? '' },
  })
}

async function answerOf(platform: ServedPlatform, request: Request, replay: Replay): Promise<Response> {
  if (replay !== 'none') return await platform.send(request)
  const headers = new Headers(request.headers)
  headers.delete('idempotency-key')
  return await platform.send(new Request(request, { headers }))
}

/** Answers to what creates or regenerates a key, by the way in which a platform replays. */
export function answering(
  platform: ServedPlatform,
  replay: Replay,
  memory: Memory,
): ServedPlatform['before'] {
  return async request => {
    const key = request.headers.get('idempotency-key')
    if (request.method !== 'POST' || key === null) return null
    const answer = await answerOf(platform, request, replay)
    const isReplayed = memory.seen.has(key)
    memory.seen.add(key)
    if (memory.loses) {
      memory.loses = false
      return lost()
    }
    return isReplayed && replay === 'without the secret' ? await withoutSecret(answer) : answer
  }
}
