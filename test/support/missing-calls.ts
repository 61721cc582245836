import {
  type Variant,
  changedAnswer,
  changedKeys,
  changedRequest,
  isCall,
  noSuchCall,
  without,
} from './variant-proxy.ts'

const keys = '/api/api-keys'
const oneKey = `${keys}/:id`

function missingCall(name: string, method: string, path: string, status: 404 | 405 = 404): Variant {
  return {
    name,
    answer: async (request, platform) =>
      isCall(request, method, path) ? noSuchCall(status) : await platform(request),
  }
}

function missingFields(name: string, ...fields: readonly string[]): Variant {
  return {
    name,
    answer: async (request, platform) =>
      await changedKeys(await platform(request), key => without(key, ...fields)),
  }
}

function ignoredHeader(name: string, header: string): Variant {
  return {
    name,
    answer: async (request, platform) =>
      await platform(await changedRequest(request, { headers: { [header]: null } })),
  }
}

/** What a platform may lack without keeping the lifecycle of a key from running. */
export const dispensable = {
  whoami: missingCall('whoami', 'GET', '/api/auth/whoami'),
  usage: missingCall('usage', 'GET', `${oneKey}/usage`),
  projects: missingCall('projects', 'GET', '/api/projects'),
  'one key': missingCall('one key', 'GET', oneKey, 405),
  'If-Match': {
    name: 'If-Match',
    answer: async (request, platform) => {
      const answer = await platform(await changedRequest(request, { headers: { 'if-match': null } }))
      const versionless = await changedKeys(answer, key => without(key, 'version'))
      versionless.headers.delete('etag')
      return versionless
    },
  },
  'Idempotency-Key': ignoredHeader('Idempotency-Key', 'idempotency-key'),
  last_used_at: missingFields('last_used_at', 'last_used_at', 'last_used'),
  regenerated_at: missingFields('regenerated_at', 'regenerated_at'),
  paging: {
    name: 'paging',
    answer: async (request, platform) => {
      if (!isCall(request, 'GET', keys)) return await platform(request)
      const whole = await changedRequest(request, { query: { limit: '1000', cursor: null } })
      return await changedAnswer(await platform(whole), ({ api_keys }) => api_keys)
    },
  },
  environment: {
    name: 'environment',
    answer: async (request, platform) => {
      const ignoring = await changedRequest(request, { body: body => without(body, 'environment') })
      // Its keys have one prefix for all, as `flx_api_` is on some of the platform's pages.
      return await changedKeys(await platform(ignoring), key => ({
        ...without(key, 'environment'),
        masked_key: String(key['masked_key']).replace(/^flux_[a-z]+_/, 'flx_api_'),
      }))
    },
  },
} as const satisfies Readonly<Record<string, Variant>>

/** What keys cannot be managed without, or not in every way. */
export const required = {
  PATCH: missingCall('PATCH', 'PATCH', oneKey, 405),
  descriptions: {
    name: 'descriptions',
    answer: async (request, platform) => {
      const ignoring = await changedRequest(request, { body: body => without(body, 'description') })
      return await changedKeys(await platform(ignoring), key => without(key, 'description'))
    },
  },
  regenerate: missingCall('regenerate', 'POST', `${oneKey}/regenerate`),
  list: missingCall('list', 'GET', keys),
  create: missingCall('create', 'POST', keys, 405),
  delete: missingCall('delete', 'DELETE', oneKey, 405),
} as const satisfies Readonly<Record<string, Variant>>
