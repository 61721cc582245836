import { type Instant, type Milliseconds, day, hour, minute, second } from '../model/duration.ts'
import type { FailureCode } from '../model/failure.ts'
import { type Answer, type Call, callName } from './call.ts'
import { entityTag } from './entity-tag.ts'
import { PlatformFailure } from './platform-failure.ts'
import { missingCall } from './missing-call.ts'
import type { Proxy } from './proxy.ts'
import type { Attempts } from './retry.ts'
import { faultFailure } from './unreachable.ts'
import { type ErrorAnswer, readError } from './wire-error.ts'

/** What failed, and where. */
export interface Situation {
  readonly call: Call
  readonly baseUrl: string
  readonly timeout: Milliseconds
  /** Our clock, for answers without a date. */
  readonly now: Instant
  readonly timeZone: string
  readonly proxy: Proxy | null
  /** Where the credential that was sent came from, for people. */
  readonly sentWith: string
  /** That is a person's login. */
  readonly isLogin: boolean
  /** The same version of the same key was refused before, and it is still the key's version. */
  readonly versionRefused: boolean
  /** Some other call was answered as the contract says. */
  readonly isPlatform: boolean
}

function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}

/** A time to wait, rounded up: `15 minutes`, `90 seconds`. */
function waitInWords(wait: Milliseconds): string {
  if (wait < 2 * minute) return count(Math.max(1, Math.ceil(wait / second)), 'second')
  if (wait < 2 * hour) return count(Math.ceil(wait / minute), 'minute')
  return count(Math.ceil(wait / hour), 'hour')
}

/** `Jan 15, 2024`: the platform's own way to write a day. */
function dayInWords(at: Instant, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeZone })
  return format.format(at)
}

interface Words {
  readonly code: FailureCode
  readonly message: string
  readonly hints?: readonly string[]
}

// The words of the three below are the platform's own: its page on API keys, "Troubleshooting".

/** Whoever has several keys and several platforms must see which of each it was. */
function sent({ baseUrl, sentWith }: Situation): string {
  return `Sent to ${baseUrl}: ${sentWith}`
}

function invalidKey(situation: Situation): Words {
  if (situation.isLogin) {
    return {
      code: 'authentication',
      message: `The platform does not accept this login\n${sent(situation)}`,
      hints: ['Log in again: fluxloop-keys auth login, or fluxloop auth login.'],
    }
  }
  return {
    code: 'authentication',
    message: `Invalid API key\nThe API key is invalid or has been revoked.\n${sent(situation)}`,
    hints: [
      'Possible causes:',
      'Key was deleted',
      'Key was regenerated',
      'Key has expired',
      'Typo in key value',
      'Solution:',
      'Check key in web platform',
      'Regenerate if needed',
      'Create new key if deleted',
    ],
  }
}

function expiredKey(error: ErrorAnswer, now: Instant, situation: Situation): Words {
  const lines = ['API key expired']
  if (error.name !== null) lines.push(`Key: ${error.name}`)
  if (error.expiredAt !== null) {
    const days = Math.max(0, Math.floor((now - error.expiredAt) / day))
    lines.push(
      `Expired: ${dayInWords(error.expiredAt, situation.timeZone)} (${days === 0 ? 'today' : `${count(days, 'day')} ago`})`,
    )
  }
  lines.push(sent(situation))
  return {
    code: 'authentication',
    message: lines.join('\n'),
    hints: ['Solution:', 'Create a new API key', 'Or update the expiration date in web platform'],
  }
}

function insufficientPermissions(error: ErrorAnswer): Words {
  const lines = [
    'Insufficient permissions',
    "Your API key doesn't have permission to perform this action.",
    ...(error.required.length > 0 ? [`Required: ${error.required.join(', ')}`] : []),
    ...(error.required.length > 0 || error.current.length > 0
      ? [`Current: ${error.current.length > 0 ? error.current.join(', ') : 'none'}`]
      : []),
    // The contract's own says no more than the heading.
    ...(error.detail !== '' && (error.required.length === 0 || error.code !== 'insufficient_permissions')
      ? [error.detail]
      : []),
  ]
  return {
    code: 'permission',
    message: lines.join('\n'),
    hints: [
      'Solution:',
      'Update key permissions in web platform',
      'Create new key with required permissions',
    ],
  }
}

const elsewhere =
  'The answer is not in the form of the platform: something between here and there may have given it.'

function rateLimited(answer: Answer, name: string): Words {
  const wait = answer.retryAfter
  return {
    code: 'rate-limited',
    message: `Rate limited: ${name} was refused${wait === null ? '' : `\nRetry after: ${waitInWords(wait)}`}`,
    hints: [
      'The platform allows 1,000 requests an hour for each key.',
      wait === null
        ? 'Run the same command again later: what is done stays done.'
        : `Run the same command again in ${waitInWords(wait)}: what is done stays done.`,
    ],
  }
}

/** A path or method that is not there: of the platform, where another call worked, else of whatever the URL names. */
function noSuchCall(answer: Answer, situation: Situation): Words {
  if (situation.isPlatform) return missingCall(situation.call, answer.status)
  return {
    code: 'network',
    message:
      `Not the FluxLoop API: ${situation.baseUrl} answered ${answer.status} to ` + callName(situation.call),
    hints: ['Check the URL: --api-url, FLUXLOOP_API_URL or api_url in .fluxloop/project.json.'],
  }
}

/** Said of another 412, this would send people to look for somebody who changed the key, again and again. */
function versionRefused({ keyId, ifMatch = '' }: Call, name: string): Words {
  const tag = entityTag(ifMatch) ?? ifMatch
  return {
    code: 'failed',
    message: `The platform answers 412 to ${name} again, although ${keyId ?? 'the key'} is still at version ${ifMatch}`,
    hints: [
      `Nobody changed the key: the platform, or what stands before it, does not take If-Match: ${tag} for that version.`,
      'Report it to whoever runs the platform: a version is sent back as a quoted string (RFC 9110).',
    ],
  }
}

function serverError(answer: Answer, tries: number, name: string): Words {
  const wait = answer.retryAfter
  return {
    code: 'network',
    message:
      `The platform failed: it answered ${answer.status} to ${name}` +
      (tries > 1 ? `, ${tries} times` : '') +
      (wait === null ? '' : `\nRetry after: ${waitInWords(wait)}`),
    hints: ['Run the same command again later: what is done stays done.'],
  }
}

function words(answer: Answer, tries: number, situation: Situation): Words {
  const { call } = situation
  const name = callName(call)
  const error = readError(answer.body)
  const said = error.detail === '' ? '' : `: ${error.detail}`
  const foreign = answer.format === 'other' ? [elsewhere] : []
  switch (answer.status) {
    case 401: {
      const known =
        error.code === 'api_key_expired'
          ? expiredKey(error, answer.date ?? situation.now, situation)
          : invalidKey(situation)
      return { ...known, hints: [...(known.hints ?? []), ...foreign] }
    }
    case 403: {
      const known = insufficientPermissions(error)
      return { ...known, hints: [...(known.hints ?? []), ...foreign] }
    }
    case 404:
      if (call.keyId === undefined || answer.format === 'other') return noSuchCall(answer, situation)
      return {
        code: 'not-found',
        message: `There is no API key ${call.keyId} (404 to ${name})`,
        hints: ['It may have been revoked, or the calling key may not see it.'],
      }
    case 405:
      return noSuchCall(answer, situation)
    case 409:
      return { code: 'conflict', message: `The platform refused ${name} because of a conflict${said}` }
    case 412:
      if (situation.versionRefused) return versionRefused(call, name)
      return {
        code: 'conflict',
        message: `${call.keyId ?? 'The key'} was changed by someone else in the meantime (412 to ${name})`,
        hints: ['Run the same command again: it starts from what is there now.'],
      }
    case 400:
    case 422:
      return {
        code: 'usage',
        message: `The platform did not accept ${name}${said === '' ? ` (${answer.status})` : said}`,
      }
    case 429:
      return rateLimited(answer, name)
    default:
      if (answer.status >= 500 || answer.status === 408) return serverError(answer, tries, name)
      return {
        code: 'failed',
        message: `The platform answered ${answer.status} to ${name}${said}`,
        hints: foreign,
      }
  }
}

/** The failure of a call whose last try is not what was asked for. */
export function callFailure(attempts: Attempts, situation: Situation): PlatformFailure {
  const { outcome, tries, ambiguous } = attempts
  if (outcome.kind === 'fault') return faultFailure(outcome, tries, ambiguous, situation)
  const { code, message, hints = [] } = words(outcome, tries, situation)
  return new PlatformFailure(code, message, { hints, status: outcome.status, ambiguous })
}
