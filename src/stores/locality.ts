import { presetOf } from '../model/presets/presets.ts'
import type { StoreSpec } from '../model/store.ts'

/**
 * Does this store belong to one place, a machine or a folder of it? Keychain and env file always do; an age file and a program are what their
 * declaration says; a preset, what its row says.
 */
export function isLocal(spec: StoreSpec): boolean {
  switch (spec.kind) {
    case 'keychain':
    case 'env-file':
      return true
    case 'age-file':
      return !spec.shared
    case 'exec':
      return spec.local
    case 'preset':
      return presetOf(spec.preset).local
  }
}

/** Can this store be looked into without running a program of its own? Our keychain helper is none. */
export function looksWithoutProgram(spec: StoreSpec): boolean {
  switch (spec.kind) {
    case 'keychain':
      return spec.fallback === null || looksWithoutProgram(spec.fallback)
    case 'env-file':
      return true
    case 'age-file':
      return spec.identity !== null
    case 'exec':
    case 'preset':
      return false
  }
}
