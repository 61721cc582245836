import type { ServedPlatform } from '../../support/served-platform.ts'
import { type Replay, replaying } from '../../support/replay.ts'

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

/** Answers to what creates or regenerates a key, by the way in which a platform replays. */
export function answering(
  platform: ServedPlatform,
  replay: Replay,
  memory: Memory,
): ServedPlatform['before'] {
  return async request => {
    if (request.method !== 'POST' || !request.headers.has('idempotency-key')) return null
    const answer = await replaying(request, replay, memory.seen, each => platform.send(each))
    if (memory.loses) {
      memory.loses = false
      return lost()
    }
    return answer
  }
}
