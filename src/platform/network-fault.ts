import type { Fault } from './call.ts'

const unresolved = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME'])
const refused = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EADDRNOTAVAIL'])
const slow = new Set([
  'ETIMEDOUT',
  'ERR_CONNECT_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])
const tls = /^(CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$)/

/** What undici, its parser, zlib and brotli call things: names that say nothing to people. */
const ofLibraries = /^(UND_ERR_|HPE_|Z_|ERR__ERROR_)/

/** An error and what caused it, outermost first. */
function chain(error: unknown): readonly object[] {
  const found: object[] = []
  let next = error
  while (typeof next === 'object' && next !== null && found.length < 8) {
    found.push(next)
    next = 'cause' in next ? next.cause : undefined
  }
  return found
}

/** The first code in a chain of errors: fetch hides it in the cause of its own. */
function firstCode(errors: readonly object[]): string | null {
  for (const error of errors) {
    if ('code' in error && typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(error.code)) {
      return error.code
    }
  }
  return null
}

/** The status with which a proxy refused to open a tunnel; null where none did. Only its number is taken from the text. */
function proxyRefusal(errors: readonly object[]): number | null {
  for (const error of errors) {
    const match = 'message' in error && typeof error.message === 'string' ? error.message : ''
    const status = /^Proxy response \((\d{3})\)/.exec(match)?.[1]
    if (status !== undefined) return Number(status)
  }
  return null
}

/** What a rejected fetch means. Nothing of the error is kept but its code, where that is not a library's: its text may quote the request. */
export function networkFault(error: unknown): Fault {
  const errors = chain(error)
  const code = firstCode(errors)
  const fault = (reason: Fault['reason'], sent: boolean): Fault => ({
    kind: 'fault',
    reason,
    code: code !== null && ofLibraries.test(code) ? null : code,
    status: null,
    sent,
  })
  if (errors.some(each => 'message' in each && each.message === 'unexpected redirect'))
    return fault('redirect', true)
  const refusal = proxyRefusal(errors)
  if (refusal !== null) return { ...fault('proxy', false), status: refusal }
  if (code === null) return fault('broken', true)
  if (unresolved.has(code)) return fault('dns', false)
  if (refused.has(code)) return fault('refused', false)
  if (tls.test(code)) return fault('tls', false)
  if (slow.has(code)) return fault('timeout', !code.includes('CONNECT_TIMEOUT'))
  return fault('broken', true)
}
