import type { Secret } from '../../model/secret.ts'
import { type HostApi, type HostCalls, hostCalls } from '../host-calls.ts'

export interface GithubCalls extends Omit<HostCalls, 'find'> {
  graphql(query: string): Promise<unknown>
}

interface Surroundings extends Pick<HostApi, 'userAgent' | 'fetch'> {
  /** `https://api.github.com`, without a slash at its end. */
  readonly url: string
  readonly graphqlUrl: string
  readonly token: Secret
}

const permissions: readonly (readonly [path: RegExp, permission: string])[] = [
  [/\/check-runs/, 'checks: write'],
  [/\/issues\/\d+\/comments|\/issues\/comments/, 'pull-requests: write'],
  [/\/issues/, 'issues: write'],
  [/\/actions\//, 'actions: read'],
  [/\/pulls/, 'pull-requests: read'],
  [/\/(git|contents|commits|compare)/, 'contents: read'],
]

function hintOf(path: string, words: string): readonly string[] {
  const needed = permissions.find(([pattern]) => pattern.test(path))?.[1]
  return needed === undefined ? [] : [`${words}: ${needed}`]
}

export function githubCalls({ url, graphqlUrl, token, userAgent, fetch }: Surroundings): GithubCalls {
  const calls = hostCalls({
    ...{ host: 'GitHub', url, userAgent, fetch, mostPages: 50 },
    headers: () => ({
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      authorization: `Bearer ${token.reveal()}`,
    }),
    isLimit: ({ status, headers }) => status === 429 || (status === 403 && headers.has('retry-after')),
    hints: {
      token: 'Leave github-token out, or give it a token of this repository.',
      forbidden: path => hintOf(path, 'Give the job the permission, under permissions'),
      hidden: path => hintOf(path, 'It may be hidden from the token. The job needs'),
    },
  })
  return { ...calls, graphql: async query => await calls.send('POST', '/graphql', { query }, graphqlUrl) }
}
