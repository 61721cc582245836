import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'
import { isLoopback } from './endpoint.ts'

/** The proxy that the environment names for one URL. */
export interface Proxy {
  /** Without user name and password, so that it can be shown: `http://proxy.acme.test:3128`. */
  readonly url: string
  /** Which variable named it. */
  readonly variable: string
  /** The value of `Proxy-Authorization`; null where there are no credentials. */
  readonly authorization: Secret | null
}

type Environment = Readonly<Record<string, string | undefined>>

/** Lower case first, as curl and Node have it; an empty value counts as none. */
function valueOf(
  env: Environment,
  name: string,
): { readonly variable: string; readonly value: string } | null {
  for (const variable of [name.toLowerCase(), name]) {
    const value = env[variable]?.trim() ?? ''
    if (value !== '') return { variable, value }
  }
  return null
}

/** One entry of NO_PROXY: `*`, `acme.test`, `.acme.test`, `*.acme.test`, `acme.test:8443`. */
function isExcepted({ hostname, port, protocol }: URL, entry: string): boolean {
  if (entry === '*') return true
  const [, host = '', entryPort] = /^(.*?)(?::(\d{1,5}))?$/.exec(entry) ?? []
  const actualPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  if (entryPort !== undefined && entryPort !== actualPort) return false
  const domain = host.replace(/^\*?\./, '').toLowerCase()
  return domain !== '' && (hostname === domain || hostname.endsWith(`.${domain}`))
}

function basic(url: URL, refuse: (why: string) => Failure): Secret | null {
  if (url.username === '' && url.password === '') return null
  try {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    return new Secret(`Basic ${Buffer.from(pair).toString('base64')}`)
  } catch {
    throw refuse('has a % in its user name or password that begins no code: write it as %25')
  }
}

/**
 * The proxy for `url`; null where it is called directly. `HTTPS_PROXY`, else `HTTP_PROXY`, unless `NO_PROXY` has the host, in
 * either case: as Node itself does with NODE_USE_ENV_PROXY. This machine is never called by way of
 * another. Throws a usage `Failure`, which does not show what the variable holds.
 */
export function proxyFor(url: string, env: Environment): Proxy | null {
  const target = new URL(url)
  if (isLoopback(target.hostname)) return null
  const named =
    (target.protocol === 'https:' ? valueOf(env, 'HTTPS_PROXY') : null) ?? valueOf(env, 'HTTP_PROXY')
  if (named === null) return null
  const exceptions = valueOf(env, 'NO_PROXY')?.value.split(/[\s,]+/) ?? []
  if (exceptions.some(entry => isExcepted(target, entry))) return null
  const refuse = (why: string) =>
    new Failure('usage', `${named.variable} ${why}`, {
      hints: [
        'It looks like http://proxy.example.com:3128, or http://USER:PASSWORD@proxy.example.com:3128.',
        `To do without: NO_PROXY=${target.hostname}`,
      ],
    })
  const text = named.value.includes('://') ? named.value : `http://${named.value}`
  if (!URL.canParse(text)) throw refuse('is not a URL')
  const proxy = new URL(text)
  if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:')
    throw refuse('names a proxy that is reached by something else than http or https')
  return { url: proxy.origin, variable: named.variable, authorization: basic(proxy, refuse) }
}
