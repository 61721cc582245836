import { Failure } from '../model/failure.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Switches in NODE_OPTIONS by which others can read what we send: old protocols, and files or streams with what was encrypted. */
const weakening = /^--(tls-min-v1\.[01]|tls-keylog|trace-tls)(=|$)/

/** What of the environment makes Node's TLS connections readable or forgeable, for people; null where nothing does. */
function weakenedBy(env: Environment): string | null {
  // Node takes this text and no other: lib/internal/options and lib/_tls_wrap of Node 20 to 24 compare with '0'.
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') return 'NODE_TLS_REJECT_UNAUTHORIZED=0'
  // Node reads quotes and backslashes in it, and takes _ for -.
  const options = (env['NODE_OPTIONS'] ?? '').replace(/["\\]/g, '').replaceAll('_', '-').split(/\s+/)
  const option = options.find(word => weakening.test(word))
  return option === undefined ? null : `NODE_OPTIONS with ${option.replace(/=.*/, '')}`
}

/**
 * What to warn of where the caller insists (`--insecure-tls`); null where TLS is as safe as it should be, or the URL has none. Throws
 * a usage `Failure` where the environment weakens it and nobody insists: a credential would be sent to whoever answers.
 */
export function requireSecureTls(url: string, env: Environment, insists: boolean): string | null {
  const cause = url.startsWith('https:') ? weakenedBy(env) : null
  if (cause === null) return null
  if (insists) return `TLS is not secure (${cause}): others may read the credential and change the answers.`
  throw new Failure(
    'usage',
    `${cause} makes TLS insecure, so no credential is sent to ${new URL(url).origin}`,
    {
      hints: [
        'Nothing was sent. Remove it from the environment.',
        'Where a proxy signs connections itself, name its certificate in NODE_EXTRA_CA_CERTS instead.',
        'If you insist: --insecure-tls. Whoever answers then gets the credential.',
      ],
    },
  )
}
