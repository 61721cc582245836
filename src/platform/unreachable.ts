import { type Milliseconds, second } from '../model/duration.ts'
import type { FailureCode } from '../model/failure.ts'
import { type Call, type Fault, callName } from './call.ts'
import { PlatformFailure } from './platform-failure.ts'
import type { Proxy } from './proxy.ts'

const checkUrl = 'Check the URL: --api-url, FLUXLOOP_API_URL or api_url in .fluxloop/project.json.'
const checkConnection = 'Check the network connection, and whether a proxy or firewall is in the way.'
const again = 'Run the same command again: what is done stays done.'

interface Words {
  readonly code: FailureCode
  readonly message: string
  readonly hints: readonly string[]
}

/** What failed between us and the proxy, or was refused by it; null where it opened the tunnel. */
function proxyWords(fault: Fault, url: string, proxy: Proxy): Words | null {
  const where = `the proxy ${proxy.url} (${proxy.variable})`
  const check = `Check ${proxy.variable}, or name hosts that need no proxy in NO_PROXY.`
  const code = fault.code === null ? '' : ` (${fault.code})`
  if (fault.reason === 'dns' || fault.reason === 'refused') {
    const why = fault.reason === 'dns' ? 'its name cannot be resolved' : 'nothing accepts the connection'
    return { code: 'network', message: `Cannot reach ${where}: ${why}${code}`, hints: [check] }
  }
  if (fault.reason !== 'proxy') return null
  if (fault.status === 407) {
    const wants =
      proxy.authorization === null
        ? 'asks for a user name and a password'
        : 'does not accept the user name and password'
    return {
      code: 'network',
      message: `The proxy ${proxy.url} ${wants} (407)`,
      hints: [`Put them into ${proxy.variable}: http://USER:PASSWORD@HOST:PORT`],
    }
  }
  return {
    code: 'network',
    message: `The proxy ${proxy.url} (${proxy.variable}) opens no connection to ${new URL(url).host} (${fault.status ?? ''})`,
    hints: ['Ask whoever runs the proxy whether it lets this host through.', check],
  }
}

function words(fault: Fault, name: string, url: string, timeout: Milliseconds, maximumBytes: number): Words {
  const code = fault.code === null ? '' : ` (${fault.code})`
  const host = URL.canParse(url) ? new URL(url).hostname : url
  const unreachable = `Cannot reach the platform at ${url}: `
  switch (fault.reason) {
    case 'dns':
      return {
        code: 'network',
        message: `${unreachable}the name ${host} cannot be resolved${code}`,
        hints: [checkUrl, checkConnection],
      }
    case 'refused':
      return {
        code: 'network',
        message: `${unreachable}nothing accepts the connection${code}`,
        hints: [checkUrl, checkConnection],
      }
    case 'tls':
      return {
        code: 'network',
        message: `${unreachable}its TLS certificate or handshake is not valid${code}`,
        hints: [
          checkUrl,
          'Where a company proxy signs connections itself, name its certificate in NODE_EXTRA_CA_CERTS.',
        ],
      }
    case 'timeout':
      return {
        code: 'network',
        message: `${unreachable}${name} was not answered within ${timeout / second} seconds${code}`,
        hints: [checkUrl, checkConnection],
      }
    case 'broken':
      return {
        code: 'network',
        message: `${unreachable}the connection broke during ${name}${code}`,
        hints: [checkUrl, again],
      }
    case 'proxy':
      return {
        code: 'network',
        message: `${unreachable}a proxy refused the connection (${fault.status ?? ''})`,
        hints: [checkConnection],
      }
    case 'redirect':
      return {
        code: 'network',
        message: `Not the FluxLoop API: ${url} redirects ${name} elsewhere, where no key is sent`,
        hints: [checkUrl],
      }
    case 'not-json':
      return {
        code: 'network',
        message: `Not the FluxLoop API: ${url} answered ${name} with something else than JSON`,
        hints: [checkUrl],
      }
    case 'garbled':
      return {
        code: 'network',
        message: `The answer of ${url} to ${name} is garbled: its JSON cannot be read`,
        hints: [again],
      }
    case 'too-large':
      return {
        code: 'failed',
        message: `The answer of ${url} to ${name} is larger than ${Math.round(maximumBytes / 1_048_576)} MB`,
        hints: [checkUrl],
      }
    case 'interrupted':
      return { code: 'interrupted', message: `Interrupted during ${name}`, hints: [again] }
    case 'lease-lost':
      return {
        code: 'conflict',
        message: `${name} was not sent: the lease of this stack was not renewed in time, so another run may have it`,
        hints: ['Nothing is lost: the next run finishes what this one left.'],
      }
    case 'bad-header':
      return {
        code: 'usage',
        message: `${name} cannot be sent: the credential, or another header, has a character that HTTP does not allow`,
        hints: ['Check the API key for line breaks, quotes and other characters that do not belong to it.'],
      }
  }
}

const inBetween =
  'Something between here and the platform may have given this answer: a proxy, or a page for visitors.'

/** The URL is right where another call was answered as the contract says: then it is this call that has no good answer. */
function wordsOfPlatform(fault: Fault, name: string, url: string): Words | null {
  if (fault.reason === 'redirect')
    return {
      code: 'network',
      message: `The platform at ${url} redirects ${name} elsewhere, where no key is sent`,
      hints: [inBetween],
    }
  if (fault.reason === 'not-json')
    return {
      code: 'network',
      message: `The platform at ${url} answered ${name} with something else than JSON`,
      hints: [inBetween],
    }
  return null
}

/** The failure of a call that got no answer one could use: which trouble it was, with which URL, and what to check. */
export function faultFailure(
  fault: Fault,
  tries: number,
  ambiguous: boolean,
  situation: {
    readonly call: Call
    readonly baseUrl: string
    readonly timeout: Milliseconds
    readonly proxy: Proxy | null
    readonly isPlatform: boolean
  },
): PlatformFailure {
  const { call, baseUrl, timeout, proxy, isPlatform } = situation
  const between = proxy === null ? null : proxyWords(fault, baseUrl, proxy)
  const known = isPlatform ? wordsOfPlatform(fault, callName(call), baseUrl) : null
  const { code, message, hints } =
    between ?? known ?? words(fault, callName(call), baseUrl, timeout, call.maximumBytes)
  const tried = tries > 1 && code === 'network' ? `, after ${tries} tries` : ''
  return new PlatformFailure(code, `${message}${tried}`, { hints, status: fault.status, ambiguous })
}
