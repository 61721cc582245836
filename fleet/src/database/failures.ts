import { Failure, type FailureCode } from '../../../src/model/failure.ts'
import { type DatabasePlace, describePlace } from './url.ts'

/** SQLSTATE of the server, or the code of the system's error; empty where there is neither. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Did the server answer, and say no? Where it did not, nobody knows what became of the statement. */
export function isAnswer(error: unknown): boolean {
  const code = codeOf(error)
  // 08: the connection broke. 57P: the server is being stopped, or somebody ended the session.
  return /^[0-9A-Z]{5}$/.test(code) && !/^(?:08|57P)/.test(code)
}

/** A mistake in the code, which no database answers for. */
function isMistake(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, SyntaxError].some(kind => error instanceof kind)
}

/** May the same statement work soon? The server is away, starting, full, or somebody else holds a lock. */
export function isPassing(error: unknown): boolean {
  if (isMistake(error) || error instanceof Failure) return false
  return !isAnswer(error) || /^(?:40001|40P01|53300|55P03|57014)$/.test(codeOf(error))
}

interface Reading {
  readonly code: FailureCode
  readonly what: string
  readonly hint: string
}

function read(code: string, message: string): Reading {
  if (code.startsWith('28'))
    return {
      code: 'authentication',
      what: `refuses the login: ${message}`,
      hint: 'Check user and password of the database URL.',
    }
  if (code === '3D000')
    return { code: 'not-found', what: 'does not exist', hint: 'Check the name in the database URL.' }
  if (code === '42501')
    return {
      code: 'permission',
      what: `refuses: ${message}`,
      hint: 'Give the role of the database URL the rights that deploy/rights.sql lists.',
    }
  if (['3F000', '42P01', '42703', '42883'].includes(code))
    return {
      code: 'configuration',
      what: `has no tables for this version: ${message}`,
      hint: 'Run `fluxloop-keys fleet migrate`.',
    }
  if (code === '53300')
    return {
      code: 'network',
      what: 'has no connection left',
      hint: 'Raise its limit, or put pgbouncer in front.',
    }
  return {
    code: 'failed',
    what: `answers with SQLSTATE ${code}: ${message}`,
    hint: 'The log of the database says more.',
  }
}

/** Every error of the driver becomes a Failure that says which database it is about, and never its password; mistakes of ours are thrown on. */
export function databaseFailure(place: DatabasePlace, error: unknown): Failure {
  if (error instanceof Failure) return error
  if (isMistake(error)) throw error
  const message = error instanceof Error ? error.message : String(error)
  if (isAnswer(error)) {
    const { code, what, hint } = read(codeOf(error), message)
    return new Failure(code, `The ${describePlace(place)} ${what}`, { hints: [hint], cause: error })
  }
  // Node gives an empty message where it tried several addresses.
  const why = message === '' ? codeOf(error) || 'no answer' : message
  return new Failure('network', `Cannot reach the ${describePlace(place)}: ${why}`, {
    hints: ['Check that PostgreSQL runs there, and that this machine may connect to it.'],
    cause: error,
  })
}
