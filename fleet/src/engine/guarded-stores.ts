import { relative } from 'node:path'
import { Failure } from '../../../src/model/failure.ts'
import { presetOf } from '../../../src/model/presets/presets.ts'
import type { StoreSpec } from '../../../src/model/store.ts'
import type { SecretStore } from '../../../src/stores/secret-store.ts'
import type { Stores } from '../../../src/stores/open.ts'

/** The programs that a store runs, by the names that its declaration has. */
function programsOf(spec: StoreSpec): readonly string[] {
  switch (spec.kind) {
    case 'keychain':
      return spec.fallback === null ? [] : programsOf(spec.fallback)
    case 'env-file':
    case 'age-file':
      return []
    case 'exec':
      return [spec.put, spec.get, spec.remove].flatMap(line => line?.slice(0, 1) ?? [])
    case 'preset':
      return [presetOf(spec.preset).program]
  }
}

/** What the operator of a fleet lets the stores of a stack do. */
export interface StoreRules {
  /** The stack, by its name in the fleet file. */
  readonly stack: string
  readonly programs: readonly string[]
  /** The checkout that it was read from; null: a folder that stays. */
  readonly checkout: string | null
}

/** The file that a store writes, where it is one that goes with the next checkout. */
function lostFile(spec: StoreSpec, checkout: string | null): string | null {
  if (checkout === null || (spec.kind !== 'env-file' && spec.kind !== 'age-file')) return null
  const isInside = !relative(checkout, spec.path).startsWith('..')
  return isInside ? spec.path : null
}

/** Why a store of this stack is not opened; null: it may be. */
function refusalOf(spec: StoreSpec, { stack, programs, checkout }: StoreRules): Failure | null {
  const file = lostFile(spec, checkout)
  if (file !== null)
    return new Failure(
      'refused',
      `${file} is in a checkout of the stack ${stack}, which the next commit replaces`,
      {
        hints: ['Name a file outside of the repository with an absolute path, or another store.'],
      },
    )
  const [program] = programsOf(spec).filter(name => !programs.includes(name))
  if (program === undefined) return null
  return new Failure('refused', `The fleet file does not let the stack ${stack} run \`${program}\``, {
    hints: [
      'A stack of a fleet runs the programs that the fleet file names, and no others: whoever writes the stack is not the operator.',
      `To allow it, add it to \`programs\` of ${stack} in the fleet file. A shell that is allowed runs whatever the stack says.`,
    ],
  })
}

function refused(failure: Failure): SecretStore {
  const refuse = () => Promise.reject(failure)
  return {
    backend: failure.message,
    readable: false,
    probe: refuse,
    put: refuse,
    get: refuse,
    remove: refuse,
  }
}

/** The same stores, without those that the operator of the fleet does not let the stack use. */
export function guardedStores(stores: Stores, rules: StoreRules): Stores {
  const open = (spec: StoreSpec) => {
    const failure = refusalOf(spec, rules)
    return failure === null ? stores.open(spec) : refused(failure)
  }
  return {
    ...stores,
    open,
    look: async spec => {
      const failure = refusalOf(spec, rules)
      if (failure !== null) throw failure
      return await stores.look(spec)
    },
    probe: async specs => {
      const may = await stores.probe(specs.filter(spec => refusalOf(spec, rules) === null))
      return new Map(specs.map(spec => [spec, refusalOf(spec, rules) ?? may.get(spec) ?? null]))
    },
    allowing: paths => guardedStores(stores.allowing(paths), rules),
  }
}
