import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import type { Answer } from './incoming-call.ts'
import type { Database } from './database.ts'
import { HttpError } from './http-error.ts'

/** How long an answer is kept, in milliseconds. */
const keptFor = 24 * 3_600_000

/** A write that its caller may repeat with the same `Idempotency-Key`. */
export interface Repeatable {
  readonly callerId: string
  /** As presented; it only ever feeds a key derivation and a hash. */
  readonly secret: string
  readonly method: string
  readonly path: string
  readonly idempotencyKey: string
  readonly body: Uint8Array
}

interface Kept {
  readonly bodyHash: string
  readonly answer: Answer
}

function hash(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function idOf(request: Repeatable): string {
  const { callerId, secret, method, path, idempotencyKey } = request
  return hash(JSON.stringify([callerId, hash(secret), method, path, idempotencyKey]))
}

/**
 * The database holds neither the caller's secret nor the Idempotency-Key, so it alone cannot give the answer (and the new
 * secret in it) to anyone; the caller who repeats the request brings both.
 */
function keyOf(request: Repeatable, salt: Uint8Array): Buffer {
  const input = JSON.stringify([request.secret, request.idempotencyKey])
  return Buffer.from(hkdfSync('sha256', input, salt, 'fluxloop sandbox replay', 32))
}

/** The first answer to the same request, or undefined. Throws a 422 where the body is another. */
export function replay(database: Database, request: Repeatable, now: number): Answer | undefined {
  if (request.idempotencyKey.length > 255) {
    const issue = {
      loc: ['header', 'idempotency-key'],
      msg: 'At most 255 characters',
      type: 'string_too_long',
    }
    throw new HttpError(422, { detail: [issue] })
  }
  const id = idOf(request)
  const sql = 'select answer from replays where id = ? and created_at > ?'
  const row = database.get(sql, id, now - keptFor) as { answer: Buffer } | undefined
  if (row === undefined) return undefined
  const kept = open(row.answer, id, request)
  if (kept.bodyHash !== hash(request.body)) {
    throw new HttpError(422, {
      detail: 'This Idempotency-Key was used with another body',
      code: 'idempotency_key_reused',
    })
  }
  return { ...kept.answer, headers: { ...kept.answer.headers, 'idempotent-replayed': 'true' } }
}

/** Keeps an answer, in the transaction of its effect, and drops what is too old. */
export function keepAnswer(database: Database, request: Repeatable, answer: Answer, now: number): void {
  database.run('delete from replays where created_at <= ?', now - keptFor)
  const id = idOf(request)
  const sealed = seal({ bodyHash: hash(request.body), answer }, id, request)
  database.run('insert into replays values (?, ?, ?)', id, now, sealed)
}

/** salt (16 bytes), nonce (12), tag (16), ciphertext. */
function seal(kept: Kept, id: string, request: Repeatable): Buffer {
  const salt = randomBytes(16)
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(request, salt), nonce).setAAD(Buffer.from(id))
  const text = Buffer.concat([cipher.update(JSON.stringify(kept)), cipher.final()])
  return Buffer.concat([salt, nonce, cipher.getAuthTag(), text])
}

function open(sealed: Buffer, id: string, request: Repeatable): Kept {
  const key = keyOf(request, sealed.subarray(0, 16))
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(16, 28)).setAAD(Buffer.from(id))
  decipher.setAuthTag(sealed.subarray(28, 44))
  const text = Buffer.concat([decipher.update(sealed.subarray(44)), decipher.final()])
  return JSON.parse(text.toString()) as Kept
}
