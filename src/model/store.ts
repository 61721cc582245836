import type { Milliseconds } from './duration.ts'
import { type PresetName, presetOf } from './presets/presets.ts'

/** A program and its arguments; no shell reads them. */
export type ProgramLine = readonly string[]

/** The commands of a store that runs programs. */
export interface ProgramLines {
  /** It reads the secret from its standard input. */
  readonly put: ProgramLine
  /** It prints the secret, or nothing where there is none. Null: the store cannot be read. */
  readonly get: ProgramLine | null
  readonly remove: ProgramLine | null
}

interface InFile {
  readonly path: string
  /** The folder of the file that declares it: git is asked only in the repository around it, and no link there may lead `path` out. */
  readonly declaredIn: string
}

/** Where a secret goes, with every default filled in and every path absolute. */
export type StoreSpec =
  | {
      readonly kind: 'keychain'
      readonly service: string
      readonly account: string
      /** Used where there is no keychain service; null: that is an error. */
      readonly fallback: StoreSpec | null
    }
  | (InFile & {
      readonly kind: 'env-file'
      readonly name: string
      /** Other variables of the same file that get the same secret. */
      readonly also?: readonly string[]
    })
  | (InFile & {
      readonly kind: 'age-file'
      /** `age1...`; empty: the identity's own. */
      readonly recipients: readonly string[]
      /** Path of a file with `AGE-SECRET-KEY-1...` lines; null: the file can be written but not read back. */
      readonly identity: string | null
      /** It belongs to a team, not to one person's machine: it is committed, say. */
      readonly shared: boolean
    })
  | (ProgramLines & {
      readonly kind: 'exec'
      readonly timeout: Milliseconds
      /** What it writes belongs to one person's machine. */
      readonly local: boolean
      /** The same for a key that there is not, to try it; null where that may be the place of a secret. */
      readonly trial: ProgramLines | null
    })
  | {
      readonly kind: 'preset'
      readonly preset: PresetName
      readonly settings: Readonly<Record<string, string>>
    }

export interface DeclaredStore {
  readonly spec: StoreSpec
  /** Hexadecimal digits that the marker keeps: `placeDigits` for the place (paths as written), the others for what else was declared. */
  readonly hash: string
}

export const placeDigits = 4
export const storeHashDigits = placeDigits + 2

/** Do two hashes stand for one place, declared in the same way or not? */
export function isSamePlace(hash: string, other: string): boolean {
  return hash === other || hash.slice(0, placeDigits) === other.slice(0, placeDigits)
}

/** The variables of an env file that hold the secret. */
export function variablesOf({
  name,
  also = [],
}: Pick<Extract<StoreSpec, { kind: 'env-file' }>, 'name' | 'also'>): readonly [string, ...string[]] {
  return [name, ...also]
}

/** How a store is called on screens: `keychain fluxloop/acme-agents/ci-pipeline`, `env-file .env (FLUXLOOP_API_KEY)`. */
export function storeLabel(spec: StoreSpec): string {
  switch (spec.kind) {
    case 'keychain':
      return `keychain ${spec.service}/${spec.account}`
    case 'env-file':
      return `env-file ${spec.path} (${variablesOf(spec).join(', ')})`
    case 'age-file':
      return `age-file ${spec.path}`
    case 'exec':
      return `exec ${spec.put.join(' ')}`
    case 'preset':
      return `${spec.preset} ${presetOf(spec.preset).place(spec.settings)}`
  }
}
