import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { AsyncEntry } from '@napi-rs/keyring'
import type { KeychainAnswer, KeychainProblem, KeychainRequest } from './keychain-protocol.ts'

/*
 * The keychain in a process of its own: a prompt that nobody answers blocks the native binding, and only a process can be
 * killed. It reads requests, a line of JSON each, and answers them in any order, until its standard input ends.
 */

const probeService = 'fluxloop-keys-probe'

/**
 * Linux is pinned to the Secret Service: with no session bus the binding would fall back, in silence, to the kernel's
 * keyring, which forgets at reboot.
 */
async function entry(service: string, account: string): Promise<AsyncEntry> {
  const { AsyncEntry } = await import('@napi-rs/keyring')
  return new AsyncEntry(service, account, { linux: { store: 'secret-service' } })
}

/** Those of the keys that are worked on at once, and a few more: each has a connection of its own. */
const mostKept = 16
const kept = new Map<string, Promise<AsyncEntry>>()

/**
 * The entry that was used before, where it is one of the last: its connection takes longer to make than a secret takes to store, and a put
 * looks before and after it. After a failure it is made anew.
 */
async function withEntry<Result>(
  { service, account }: { readonly service: string; readonly account: string },
  use: (entry: AsyncEntry) => Promise<Result>,
): Promise<Result> {
  const name = JSON.stringify([service, account])
  const known = kept.get(name) ?? entry(service, account)
  kept.delete(name)
  kept.set(name, known)
  for (const oldest of kept.keys()) {
    if (kept.size <= mostKept) break
    kept.delete(oldest)
  }
  try {
    return await use(await known)
  } catch (error) {
    kept.delete(name)
    throw error
  }
}

async function answer(request: KeychainRequest): Promise<KeychainAnswer> {
  switch (request.op) {
    case 'get':
      return { value: (await withEntry(request, each => each.getPassword())) ?? null }
    case 'set':
      await withEntry(request, each => each.setPassword(request.secret))
      return { value: null }
    case 'remove':
      await withEntry(request, each => each.deleteCredential())
      return { value: null }
    case 'probe':
      return probe()
  }
}

/** A name of its own each time, so that runs side by side do not see each other's. */
async function probe(): Promise<KeychainAnswer> {
  const own = await entry(probeService, randomBytes(8).toString('hex'))
  const text = randomBytes(8).toString('hex')
  await own.setPassword(text)
  try {
    if ((await own.getPassword()) !== text) return { problem: 'refused', detail: '' }
  } finally {
    await own.deleteCredential()
  }
  return { value: null }
}

/** Texts of @napi-rs/keyring 2.1 and the system services below it. A home without any keyring gives `no result found`. */
const patterns: readonly (readonly [KeychainProblem, RegExp])[] = [
  ['unsupported', /cannot find (native binding|module|package)|failed to load native/i],
  ['locked', /\b(is)?locked\b|prompt was dismissed|no result found|interaction is not allowed|canceled/i],
  ['ambiguous', /ambiguous|matched by/i],
  ['no-service', /platform failure|dbus|d-bus|zbus|no such (interface|object)|not provided by any/i],
]

function problemOf(error: unknown): KeychainAnswer {
  const text = error instanceof Error ? error.message : ''
  const problem = patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? 'refused'
  return { problem, detail: /\borg\.freedesktop\.[\w.]+/.exec(text)?.[0] ?? '' }
}

let pending = 0

async function serve(line: string): Promise<void> {
  const { id, ...request } = JSON.parse(line) as KeychainRequest & { id: number }
  pending += 1
  const result = await answer(request).catch(problemOf)
  pending -= 1
  process.stdout.write(`${JSON.stringify({ id, ...result })}\n`)
}

const lines = createInterface({ input: process.stdin })
lines.on('line', line => void serve(line))
lines.on('close', () => {
  // Our parent is gone, or done. A native call that waits for a prompt would keep this process alive for ever.
  if (pending > 0) process.kill(process.pid, 'SIGKILL')
})
