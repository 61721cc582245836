import { existsSync } from 'node:fs'
import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'
import { type StoreSpec, variablesOf } from '../model/store.ts'
import { credentialVariables, placeholderKey } from '../platform/credentials.ts'
import { readVariable } from './dotenv.ts'
import { readRegularFile } from './read-file.ts'

type EnvFileSpec = Extract<StoreSpec, { kind: 'env-file' }>

/** A file with a line that no delivery writes, and that the platform's own client reads anyway. */
export interface OtherName {
  readonly path: string
  /** The variable that the store writes. */
  readonly written: string
  /** The one that keeps another value. */
  readonly stale: string
}

/** What is shorter is not a key, and may stand in any text by chance. */
const shortest = 8

/** The key that a variable in a file holds; null where it holds none, or where nobody can tell. */
export function valueInFile(path: string, name: string): Secret | null {
  try {
    const file = readRegularFile(path)
    const value = file === null ? null : readVariable(file.bytes.toString('latin1'), name, path)
    const isKey = value !== null && value.length >= shortest && value !== placeholderKey
    return isKey ? new Secret(value) : null
  } catch (error) {
    // A file that cannot be read is the store's trouble, and is reported there.
    if (error instanceof Failure) return null
    throw error
  }
}

/** Env files whose secret goes under one of the two names that the platform's client reads, with another value under the other. */
export function otherNames(specs: readonly EnvFileSpec[]): readonly OtherName[] {
  const found = new Map<string, OtherName>()
  const written = new Set<string>()
  for (const spec of specs) for (const name of variablesOf(spec)) written.add(`${name} ${spec.path}`)
  for (const spec of specs) {
    const { path } = spec
    const own = credentialVariables.find(name => variablesOf(spec).includes(name))
    const stale = credentialVariables.find(name => !written.has(`${name} ${path}`))
    if (own === undefined || stale === undefined || found.has(path) || !existsSync(path)) continue
    const value = valueInFile(path, stale)
    if (value !== null && valueInFile(path, own)?.equals(value) !== true)
      found.set(path, { path, written: own, stale })
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** The env files among stores, and behind them. */
export function envFilesOf(specs: readonly StoreSpec[]): readonly EnvFileSpec[] {
  return specs.flatMap(spec => {
    if (spec.kind === 'env-file') return [spec]
    return spec.kind === 'keychain' && spec.fallback !== null ? envFilesOf([spec.fallback]) : []
  })
}

/** What to do about it. */
export function otherNameHint({ written, stale }: OtherName): string {
  const names = credentialVariables.filter(name => name === written || name === stale)
  return `Let the store set both (name: [${names.join(', ')}]), or take the line out.`
}
