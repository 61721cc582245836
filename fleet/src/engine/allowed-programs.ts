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

/** Why a store of this stack is not opened; null: it may be. */
function refusalOf(spec: StoreSpec, stack: string, allowed: readonly string[]): Failure | null {
  const [program] = programsOf(spec).filter(name => !allowed.includes(name))
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

/** The same stores, without those that would run a program which the operator of the fleet did not allow this stack. */
export function withAllowedPrograms(stores: Stores, stack: string, allowed: readonly string[]): Stores {
  const open = (spec: StoreSpec) => {
    const failure = refusalOf(spec, stack, allowed)
    return failure === null ? stores.open(spec) : refused(failure)
  }
  return {
    ...stores,
    open,
    look: async spec => {
      const failure = refusalOf(spec, stack, allowed)
      if (failure !== null) throw failure
      return await stores.look(spec)
    },
    probe: async specs => {
      const may = await stores.probe(specs.filter(spec => refusalOf(spec, stack, allowed) === null))
      return new Map(specs.map(spec => [spec, refusalOf(spec, stack, allowed) ?? may.get(spec) ?? null]))
    },
    allowing: paths => withAllowedPrograms(stores.allowing(paths), stack, allowed),
  }
}
