import { day } from '../../src/model/duration.ts'
import { type Json, type Variant, changedKeys, isCall, without } from './variant-proxy.ts'

const keys = '/api/api-keys'

function oddKeys(name: string, change: (key: Json) => Json): Variant {
  return {
    name,
    answer: async (request, platform) => await changedKeys(await platform(request), change),
  }
}

/** What a platform may do otherwise than the contract says, and what is left to our good sense. */
export const odd = {
  suspended: oddKeys('a key with a status of its own', key =>
    key['name'] === 'Odd' ? { ...key, status: 'suspended' } : key,
  ),
  endless: oddKeys('a key without expires_at', key =>
    key['name'] === 'Odd' ? without(key, 'expires_at') : key,
  ),
  'short pages': {
    name: 'pages of at most 100',
    answer: async (request, platform) => {
      const limit = Number(new URL(request.url).searchParams.get('limit') ?? 0)
      return isCall(request, 'GET', keys) && limit > 100
        ? Response.json({ detail: [{ loc: ['query', 'limit'], msg: 'at most 100' }] }, { status: 422 })
        : await platform(request)
    },
  },
  'whole days': oddKeys('ends at the end of the day', key => {
    const end = key['expires_at']
    return typeof end === 'string' ? { ...key, expires_at: `${end.slice(0, 10)}T23:59:59Z` } : key
  }),
  'clock ahead': {
    name: 'a Date that is five days ahead',
    answer: async (request, platform) => {
      const answer = await platform(request)
      const headers = new Headers(answer.headers)
      headers.set('date', new Date(Date.parse(headers.get('date') ?? '') + 5 * day).toUTCString())
      const body = answer.status === 204 ? null : await answer.text()
      return new Response(body, { status: answer.status, headers })
    },
  },
} as const satisfies Readonly<Record<string, Variant>>
