import type { Secret } from '../../model/secret.ts'
import { type HostApi, type HostCalls, hostCalls } from '../host-calls.ts'

/** Paths begin after `/api/v4`. */
export type GitlabCalls = HostCalls

interface Surroundings extends Pick<HostApi, 'userAgent' | 'fetch'> {
  /** `https://gitlab.com/api/v4`, without a slash at its end. */
  readonly url: string
  readonly token: Secret
}

export function gitlabCalls({ url, token, userAgent, fetch }: Surroundings): GitlabCalls {
  return hostCalls({
    // A tree of 20,000 files.
    ...{ host: 'GitLab', url, userAgent, fetch, mostPages: 200 },
    headers: () => ({ 'private-token': token.reveal() }),
    isLimit: ({ status }) => status === 429,
    hints: {
      token: 'FLUXLOOP_KEYS_TOKEN takes a project access token with the scope api, which may have ended.',
      forbidden: () => ['The token of FLUXLOOP_KEYS_TOKEN needs the scope api and the role Developer.'],
      hidden: () => ['It may be hidden from the token, which needs the scope api and the role Developer.'],
    },
  })
}
