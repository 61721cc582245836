import type { Milliseconds } from '../../../src/model/duration.ts'
import { Failure, type FailureCode } from '../../../src/model/failure.ts'
import { programFailure } from '../../../src/stores/program-failure.ts'
import type { GitEnd } from './run-git.ts'

interface Known {
  readonly said: RegExp
  readonly code: FailureCode
  readonly hint: string
}

/** What git and ssh say where somebody can do something about it. */
const known: readonly Known[] = [
  {
    said: /could not read (?:Username|Password)|Authentication failed|terminal prompts disabled|returned error: 40[13]/,
    code: 'authentication',
    hint: 'Repositories that need a login are fetched over ssh: give this user a deploy key, and write ssh://git@HOST/PATH.',
  },
  {
    said: /Permission denied \(/,
    code: 'authentication',
    hint: 'Give this user an ssh key that may read the repository, without a passphrase or in an agent (SSH_AUTH_SOCK).',
  },
  {
    said: /Host key verification failed|No \w+ host key is known/,
    code: 'authentication',
    hint: 'Add the key of the host to ~/.ssh/known_hosts or /etc/ssh/ssh_known_hosts, once you have compared it.',
  },
  {
    said: /returned error: 30\d|unable to update url base from redirection/,
    code: 'configuration',
    hint: 'The URL redirects, which is not followed. Write the one that it leads to.',
  },
  {
    said: /returned error: 404|[Rr]epository .*not found|does not (?:appear to be a git repository|exist)/,
    code: 'not-found',
    hint: 'Correct `url` in the fleet file.',
  },
  {
    said: /not our ref|unadvertised object|Server does not allow request/,
    code: 'configuration',
    hint: 'This host gives no commit by its name. Name a branch or a tag.',
  },
  {
    said: /certificate|SSL|TLS/,
    code: 'network',
    hint: 'Where a certificate of your own is used, name its authority in NODE_EXTRA_CA_CERTS.',
  },
]

export function tooLarge(what: string, bytes: number): Failure {
  return new Failure('refused', `${what} is larger than ${Math.round(bytes / 1_048_576)} MB`, {
    hints: ['Keep the configuration in a repository of its own.'],
  })
}

/** A Failure for git that did not do what it was asked. Where it quotes git, no secret and no control character passes. */
export function gitFailure(doing: string, end: GitEnd, limits: { readonly time: Milliseconds }): Failure {
  switch (end.stopped) {
    case 'interrupted':
      return new Failure('interrupted', `git was interrupted when asked to ${doing}`)
    case 'late':
      return new Failure(
        'network',
        `git did not ${doing} within ${Math.round(limits.time / 1_000)} seconds`,
        {
          hints: ['The host is slow or does not answer, or the repository is too large.'],
        },
      )
    case 'too much':
      return new Failure('refused', `git printed more than is read when asked to ${doing}`, {
        hints: ['Keep the configuration in a repository of its own.'],
      })
    case null:
      break
  }
  const found = known.find(({ said }) => said.test(end.stderr))
  const said = programFailure('git', doing, { code: end.code, stdout: '', stderr: end.stderr, cut: false })
  return new Failure(found?.code ?? 'network', said.message, {
    hints: [...said.hints, ...(found === undefined ? [] : [found.hint])],
  })
}
