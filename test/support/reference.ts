import type { Test } from 'tap'
import type { Secret } from '../../src/model/secret.ts'
import { type Sandbox, openSandbox } from '../../src/sandbox/sandbox.ts'
import { referenceNow } from '../../src/sandbox/seed.ts'
import type { TestPlatform } from './context.ts'

export { referenceNow }

/** The keys of the page's list, newest first. */
export const listedKeys = ['key_def456', 'key_ghi789', 'key_jkl012'] as const

/** A sandbox with keys of the platform's page on API keys, at the moment of its outputs. */
export interface ReferencePlatform extends TestPlatform {
  readonly sandbox: Sandbox
  /** Of the seeded keys, by key id. */
  readonly secrets: ReadonlyMap<string, Secret>
  /** The platform's clock. */
  now: number
  /** The same platform for another caller: a key of it by its id. */
  as(keyId: string): TestPlatform
}

/**
 * The caller is a person, who is in no list. `keys`: ids, all of them where absent. `newSecrets` are what create and
 * regenerate give, in order.
 */
export function referencePlatform(
  t: Test,
  options: {
    readonly keys?: readonly string[]
    readonly newSecrets?: readonly string[]
    readonly newIds?: readonly string[]
  } = {},
): ReferencePlatform {
  const clock = { now: referenceNow }
  const newSecrets = [...(options.newSecrets ?? [])]
  const newIds = [...(options.newIds ?? [])]
  const sandbox = openSandbox({
    database: ':memory:',
    now: () => clock.now,
    ...(newSecrets.length === 0 ? {} : { makeSecret: () => newSecrets.shift() ?? 'flux_dev_nomoresecrets' }),
    ...(newIds.length === 0 ? {} : { makeId: () => newIds.shift() ?? 'key_nomoreids' }),
  })
  t.teardown(() => sandbox.close())
  const secrets = sandbox.seedReference(options.keys)
  const fetch = (request: Request) => sandbox.handle(request)
  return {
    sandbox,
    secrets,
    fetch,
    credential: sandbox.issueUserToken('dev@example.com'),
    get now() {
      return clock.now
    },
    set now(at) {
      clock.now = at
    },
    as: keyId => {
      const credential = secrets.get(keyId)
      if (credential === undefined) throw new Error(`no such key was seeded: ${keyId}`)
      return { fetch, credential }
    },
  }
}
