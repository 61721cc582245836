import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Failure } from '../../src/model/failure.ts'

/** The Failure that the work ends in; anything else, and any text of it that holds the word `sentinel`, is an error. */
export async function failed(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, got ${String(error)}`)
  if (/sentinel/.test(JSON.stringify([error.message, error.hints, error.stack])))
    throw new Error('the secret leaked')
  return error
}

/** An empty folder outside of this repository, removed after the test. */
export function folder(t: Pick<Test, 'teardown'>): string {
  const path = mkdtempSync(join(tmpdir(), 'fluxloop-keys-test-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}
