import { setTimeout as wait } from 'node:timers/promises'
import type { Context } from '../../context.ts'
import { second } from '../../model/duration.ts'
import { liveNames } from './live-names.ts'

interface Candidate {
  readonly word: string
  readonly about: string
}

export interface CompleteOptions {
  readonly candidates: readonly Candidate[]
  readonly from: 'declared' | 'live' | 'files' | null
  readonly typed: string
  readonly prefix: string
  readonly config: readonly string[]
  readonly apiUrl: string | null
  readonly staging: boolean
  readonly profile: string | null
}

/** Tells the shell's script to offer files. No other line lacks a tab. */
const offerFiles = ':files'

/** Somebody waits at a prompt, and a keychain that is locked may never answer. */
const patience = 3 * second

async function declaredKeys({ config }: CompleteOptions, { cwd }: Context): Promise<readonly Candidate[]> {
  const { loadConfiguration } = await import('../../config/load.ts')
  const loaded = await loadConfiguration({ paths: config, cwd, now: null })
  return loaded.ok ? loaded.desired.keys.map(({ keyId, name }) => ({ word: keyId, about: name })) : []
}

async function liveKeys(options: CompleteOptions, context: Context): Promise<readonly Candidate[]> {
  const keys = await liveNames(options, context)
  const ids = keys.map(({ id, name }) => ({ word: id, about: name }))
  const names = keys.map(({ id, name }) => ({ word: name, about: id }))
  const unique = names.filter(({ word }) => names.filter(other => other.word === word).length === 1)
  return [...ids, ...unique]
}

/** A failure is no candidate: a shell that completes must not show errors. */
async function quietly(work: Promise<readonly Candidate[]>): Promise<readonly Candidate[]> {
  const ended = new AbortController()
  const late = wait(patience, [], { signal: ended.signal })
  try {
    return await Promise.race([work, late])
  } catch {
    return []
  } finally {
    ended.abort()
    late.catch(() => undefined)
  }
}

/** Prints what may stand where the cursor is, a line each: the word, a tab, what it is. For the scripts of `completion`. */
export async function runComplete(options: CompleteOptions, context: Context): Promise<number> {
  const { candidates, from, typed, prefix } = options
  const declared = from === 'declared' || from === 'live' ? quietly(declaredKeys(options, context)) : []
  const live = from === 'live' ? quietly(liveKeys(options, context)) : []
  const all = [...candidates, ...(await declared), ...(await live)]
  const seen = new Set<string>()
  for (const { word, about } of all) {
    if (!word.startsWith(typed) || seen.has(word)) continue
    seen.add(word)
    context.stdout.print(`${prefix}${word}\t${about}`)
  }
  if (from === 'files') context.stdout.print(offerFiles)
  return 0
}
