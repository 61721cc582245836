import { setTimeout as wait } from 'node:timers/promises'
import type { Context } from '../../context.ts'
import { second } from '../../model/duration.ts'
import { liveNames } from './live-names.ts'

/** A word that may stand where the cursor is, and what it is. */
export interface Candidate {
  readonly word: string
  readonly about: string
}

/** What may stand where the cursor is, and where the words lie that the command line itself does not know. */
export interface Completion {
  readonly candidates: readonly Candidate[]
  /** `declared`: key ids of the configuration; `live`: those, and ids and names of live keys. */
  readonly from: 'declared' | 'live' | 'files' | null
  /** What the user has typed of the word; `prefix` stands before each word (`--config=`). */
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

async function declaredKeys({ config }: Completion, { cwd }: Context): Promise<readonly Candidate[]> {
  const { loadConfiguration } = await import('../../config/load.ts')
  const loaded = await loadConfiguration({ paths: config, cwd, now: null })
  return loaded.ok ? loaded.desired.keys.map(({ keyId, name }) => ({ word: keyId, about: name })) : []
}

async function liveKeys(options: Completion, context: Context): Promise<readonly Candidate[]> {
  const keys = await liveNames(options, context)
  const ids = keys.map(({ id, name }) => ({ word: id, about: name }))
  const names = keys.map(({ id, name }) => ({ word: name, about: id }))
  const unique = names.filter(({ word }) => names.filter(other => other.word === word).length === 1)
  return [...ids, ...unique]
}

/** A failure is not a candidate: a shell that completes must not show errors. */
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
export async function runComplete(options: Completion, context: Context): Promise<number> {
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
