// What may happen on the wire, at which call, and what a run comes to. docs/wire-faults.md shows the same in words.

import { type AnyFault, type ListFault, type Row, type WriteFault, casesOf } from './support/fault-table.ts'

/** The calls of an apply that read, in the order in which one meets them; `usage` is asked by `apikeys show`. */
export const readingCalls = [
  'list: what there is',
  'list: rivals of a new key',
  'list: before a revocation',
  'whoami: who calls',
  'whoami: a new secret',
  'whoami: a regenerated secret',
  'projects',
  'get: the rest of a new key',
  'get: after its version moved',
  'usage',
] as const

/** The calls that write. `never replayed`, `secretless`: what the platform makes of an Idempotency-Key that it has seen. */
export const writingCalls = [
  'create',
  'create, never replayed',
  'create, replayed secretless',
  'create: a successor',
  'update: a declaration',
  'update: delivered',
  'update: regenerated',
  'regenerate',
  'regenerate, never replayed',
  'regenerate, replayed secretless',
  'revoke',
] as const

export type ReadingCall = (typeof readingCalls)[number]
export type WritingCall = (typeof writingCalls)[number]

// prettier-ignore
export const reading: Readonly<Record<AnyFault | ListFault, Row<typeof readingCalls>>> = {
  //                                    list       list       list       whoami     whoami     whoami     projects   get        get        usage
  //                                    there      rivals     revoking   caller     new        regen.                rest       moved
  'reset before the commit':           ['0 4-',    '0 4p',    '0 4-',    '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 4-',    '0 4-'],
  'reset during the commit':           ['0 4-',    '0 4p',    '0 4-',    '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 4-',    '0 4-'],
  'reset after the commit':            ['0 4-',    '0 4p',    '0 4-',    '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 4-',    '0 4-'],
  'truncated body':                    ['0 4-',    '0 4p',    '0 4-',    '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 4-',    '0 4-'],
  '500 without a commit':              ['0 4-',    '0 4p',    '0 4-',    '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 4-',    '0 4-'],
  '409':                               ['12- 12-', '12p 12p', '12- 12-', '12- 12-', '12- 12-', '12r 12r', '12- 12-', '0 0',     '12- 12-', '12- 12-'],
  '412':                               ['12- 12-', '12p 12p', '12- 12-', '12- 12-', '12- 12-', '12r 12r', '12- 12-', '0 0',     '12- 12-', '12- 12-'],
  '422':                               ['0 2-',    '0 2p',    '0 2-',    '2- 2-',   '2- 2-',   '2r 2r',   '2- 2-',   '0 0',     '2- 2-',   '2- 2-'],
  '429 with seconds':                  ['0 4-',    '0 0',     '0 0',     '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 0',     '0 4-'],
  '429 with a date':                   ['0 4-',    '0 0',     '0 0',     '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 0',     '0 4-'],
  '429 with nothing':                  ['0 4-',    '0 4p',    '0 4-',    '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 4-',    '0 4-'],
  '503':                               ['0 4-',    '0 4p',    '0 4-',    '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 4-',    '0 4-'],
  'redirect to another origin':        ['4- 4-',   '4p 4p',   '4- 4-',   '4- 4-',   '4- 4-',   '4r 4r',   '4- 4-',   '0 0',     '4- 4-',   '4- 4-'],
  'HTML for JSON, without a commit':   ['4- 4-',   '4p 4p',   '4- 4-',   '4- 4-',   '4- 4-',   '4r 4r',   '4- 4-',   '0 0',     '4- 4-',   '4- 4-'],
  'length too long':                   ['0 4-',    '0 4p',    '0 4-',    '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 4-',    '0 4-'],
  'length too short':                  ['0 4-',    '0 4p',    '0 4-',    '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 4-',    '0 4-'],
  'slow drip':                         ['0 4-',    '0 4p',    '0 4-',    '0 4-',    '0 4-',    '0 4r',    '0 4-',    '0 0',     '0 4-',    '0 4-'],
  'gzip bomb':                         ['1- 1-',   '1p 1p',   '1- 1-',   '1- 1-',   '1- 1-',   '1r 1r',   '1- 1-',   '0 0',     '1- 1-',   '1- 1-'],
  'page lost':                         ['12- 12-', '0 12-',   '1- 1-',   '·',       '·',       '·',       '·',       '·',       '·',       '·'],
  'page of older keys lost':           ['12- 0d',  '·',       '·',       '·',       '·',       '·',       '·',       '·',       '·',       '·'],
  'page repeated':                     ['6- 6-',   '1- 1-',   '1- 1-',   '·',       '·',       '·',       '·',       '·',       '·',       '·'],
  'cursor loop':                       ['6- 6-',   '1- 1-',   '0 0',     '·',       '·',       '·',       '·',       '·',       '·',       '·'],
  'clock a day ahead':                 ['0 0',     '0 0',     '12- 12-', '0 0',     '0 0',     '0 0',     '0 0',     '0 0',     '0 0',     '0 0'],
  'clock a day behind':                ['0 0',     '0 0',     '0 0',     '0 0',     '0 0',     '0 0',     '0 0',     '0 0',     '0 0',     '0 0'],
}

// prettier-ignore
export const writing: Readonly<Record<AnyFault | WriteFault, Row<typeof writingCalls>>> = {
  //                                    create     create   create   create     update   update   update   regen.     regen.   regen.   revoke
  //                                               never    no sec.  succ.      decl.    deliv.   regen.              never    no sec.
  'reset before the commit':           ['0 4-',    '·',     '·',     '0 4-',    '0 4-',  '0 4p',  '0 4r',  '0 4-',    '·',     '·',     '0 4-'],
  'reset during the commit':           ['0 4p',    '0 4p',  '0 4p',  '0 4p',    '0 4u',  '0 4d',  '0 4r',  '0 4r',    '0 4r',  '0 4r',  '0 4x'],
  'reset after the commit':            ['0 4p',    '0 4p',  '1- 4p', '0 4p',    '0 4u',  '0 4d',  '0 4r',  '0 4r',    '0 4r',  '0 4r',  '0 4x'],
  'truncated body':                    ['0 4p',    '0 4p',  '1- 4p', '0 4p',    '0 4u',  '0 4d',  '0 4r',  '0 4r',    '0 4r',  '0 4r',  '0 4x'],
  '200 without a secret':              ['1- 1-',   '1- 1-', '1- 1-', '1- 1-',   '·',     '·',     '·',     '0 1r',    '0 1r',  '0 1r',  '·'],
  '500 without a commit':              ['0 4-',    '·',     '·',     '0 4-',    '0 4-',  '0 4p',  '0 4r',  '0 4-',    '·',     '·',     '0 4-'],
  '500 with a commit':                 ['0 4p',    '0 4p',  '1- 4p', '0 4p',    '0 4u',  '0 4d',  '0 4r',  '0 4r',    '0 4r',  '0 4r',  '0 4x'],
  '409':                               ['12- 12-', '·',     '·',     '12- 12-', '0 12-', '0 12p', '0 12r', '0 12-',   '·',     '·',     '12- 12-'],
  '412':                               ['12- 12-', '·',     '·',     '12- 12-', '0 1-',  '0 1p',  '0 1r',  '0 1-',    '·',     '·',     '0 1-'],
  '422':                               ['2- 2-',   '·',     '·',     '2- 2-',   '2- 2-', '2p 2p', '2r 2r', '0 2-',    '·',     '·',     '2- 2-'],
  '429 with seconds':                  ['0 0',     '·',     '·',     '0 0',     '0 0',   '0 0',   '0 0',   '0 0',     '·',     '·',     '0 0'],
  '429 with a date':                   ['0 0',     '·',     '·',     '0 0',     '0 0',   '0 0',   '0 0',   '0 0',     '·',     '·',     '0 0'],
  '429 with nothing':                  ['0 4-',    '·',     '·',     '0 4-',    '0 4-',  '0 4p',  '0 4r',  '0 4-',    '·',     '·',     '0 4-'],
  '503':                               ['0 4-',    '·',     '·',     '0 4-',    '0 4-',  '0 4p',  '0 4r',  '0 4-',    '·',     '·',     '0 4-'],
  'redirect to another origin':        ['4- 4-',   '·',     '·',     '4- 4-',   '4- 4-', '4p 4p', '4r 4r', '4- 4-',   '·',     '·',     '4- 4-'],
  'HTML for JSON, without a commit':   ['4- 4-',   '·',     '·',     '4- 4-',   '4- 4-', '4p 4p', '4r 4r', '4- 4-',   '·',     '·',     '4- 4-'],
  'HTML for JSON, with a commit':      ['4p 4p',   '4p 4p', '4p 4p', '4p 4p',   '4u 4u', '4d 4d', '4r 4r', '4r 4r',   '4r 4r', '4r 4r', '4x 4x'],
  'length too long':                   ['0 4p',    '0 4p',  '1- 4p', '0 4p',    '0 4u',  '0 4d',  '0 4r',  '0 4r',    '0 4r',  '0 4r',  '0 0'],
  'length too short':                  ['0 4p',    '0 4p',  '1- 4p', '0 4p',    '0 0',   '0 0',   '0 0',   '0 4r',    '0 12r', '0 4r',  '0 0'],
  'slow drip':                         ['0 4p',    '0 4p',  '1- 4p', '0 4p',    '0 4u',  '0 4d',  '0 4r',  '0 4r',    '0 4r',  '0 4r',  '0 4x'],
  'gzip bomb':                         ['1p 1p',   '1p 1p', '1p 1p', '1p 1p',   '1u 1u', '1d 1d', '1r 1r', '1r 1r',   '1r 1r', '1r 1r', '1x 1x'],
  'clock a day ahead':                 ['0 0',     '·',     '·',     '0 0',     '0 0',   '0 0',   '0 0',   '0 0',     '·',     '·',     '0 0'],
  'clock a day behind':                ['0 0',     '·',     '·',     '0 0',     '0 0',   '0 0',   '0 0',   '0 0',     '·',     '·',     '0 0'],
}

export const readingCases = casesOf(readingCalls, reading)
export const writingCases = casesOf(writingCalls, writing)
